/** Who works here: accounts, what they may do, and whether they may still sign in. */

import { useState } from "preact/hooks";
import { Avatar, Button } from "../../parts/bits";
import { useDesk } from "../../parts/context";
import { useStore } from "../../state/store";
import { t } from "../../words/words";
import { RestError } from "../../wire/rest";
import { useOffice } from "../context";
import { freshId } from "../form/order";
import { parsed } from "../form/paths";
import { Framed, tied } from "../form/view";
import type { Agent } from "../model/documents";

type Refusal = { field: string; reason: string } | undefined;

export function Agents() {
  const office = useOffice();
  const agents = useStore(office.agents) ?? [];
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ul class="set-rows">
        {agents.map((agent) => (
          <One key={agent.id} agent={agent} />
        ))}
      </ul>
      {adding ? (
        <Adding agents={agents} onDone={() => setAdding(false)} />
      ) : (
        <Button icon="plus" label={t("agent_add")} onClick={() => setAdding(true)} />
      )}
    </>
  );
}

function One({ agent }: { agent: Agent }) {
  const office = useOffice();
  const me = useDesk().base.me === agent.id;
  const [refused, setRefused] = useState<string>();
  const [password, setPassword] = useState<string>();
  const change = async (fields: Record<string, unknown>) => {
    setRefused(undefined);
    try {
      await office.rest.patch(
        `${office.path}/agents/${encodeURIComponent(agent.id)}`,
        fields,
      );
      setPassword(undefined);
    } catch (error) {
      setRefused(inWords(error));
    }
    await office.employ();
  };
  const id = `agent-${agent.id}`;
  return (
    <li class={agent.disabled ? "disabled" : ""}>
      <Avatar name={agent.name} size={32} />
      <span class="set-who">
        <strong>
          {agent.name}
          {me && ` (${t("you")})`}
        </strong>
        <small class="quiet">
          {agent.email ?? agent.id}
          {agent.disabled ? ` · ${t("agent_disabled")}` : ""}
          {!agent.disabled && !agent.login ? ` · ${t("agent_no_login")}` : ""}
        </small>
      </span>
      <select
        class="set-input"
        aria-label={t("agent_role", { name: agent.name })}
        value={agent.role}
        // Who took their own rights away could not give them back.
        disabled={me}
        onChange={(event) => void change({ role: event.currentTarget.value })}
      >
        <option value="agent">{t("role_agent")}</option>
        <option value="admin">{t("role_admin")}</option>
      </select>
      <Button
        label={t("password_set")}
        kind="ghost"
        expanded={password !== undefined}
        onClick={() => setPassword(password === undefined ? "" : undefined)}
      />
      <Button
        label={t(agent.disabled ? "agent_enable" : "agent_disable")}
        kind="ghost"
        disabled={me}
        onClick={() => void change({ disabled: !agent.disabled })}
      />
      {password !== undefined && (
        <form
          class="set-inline"
          onSubmit={(event) => {
            event.preventDefault();
            void change({ password });
          }}
        >
          <label for={id}>{t("password_new", { name: agent.name })}</label>
          <input
            id={id}
            class="set-input"
            type="password"
            autocomplete="new-password"
            minLength={10}
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
          <button type="submit" class="button primary">
            {t("save")}
          </button>
        </form>
      )}
      {refused && (
        <p class="set-wrong" role="alert">
          {refused}
        </p>
      )}
    </li>
  );
}

const SECRET = { type: "password" } as const;
const PLAIN = { type: "text" } as const;
const FIELDS = ["name", "email", "password"] as const;

function Adding({ agents, onDone }: { agents: readonly Agent[]; onDone: () => void }) {
  const office = useOffice();
  const [values, setValues] = useState({ name: "", email: "", password: "" });
  const [role, setRole] = useState("agent");
  const [refused, setRefused] = useState<Refusal>();
  const add = async () => {
    setRefused(undefined);
    const { name, email, password } = values;
    const account = {
      id: freshId(agents, name),
      ...(name ? { name } : {}),
      ...(email ? { email } : {}),
      ...(password ? { password } : {}),
      role,
    };
    try {
      await office.rest.post(`${office.path}/agents`, account);
      await office.employ();
      onDone();
    } catch (error) {
      const path = error instanceof RestError ? (error.path ?? "") : "";
      setRefused({ field: String(parsed(path).at(-1) ?? ""), reason: inWords(error) });
    }
  };
  const known = FIELDS.find((name) => name === refused?.field);
  return (
    <form
      class="set-card set-group"
      aria-label={t("agent_add")}
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      {FIELDS.map((name) => {
        const id = `agent-new-${name}`;
        const wrong = known === name ? refused?.reason : undefined;
        return (
          <Framed
            key={name}
            id={id}
            label={t(`agent_${name}`)}
            help={name === "password" ? t("agent_password_help") : undefined}
            wrong={wrong}
          >
            <input
              {...tied(id, name === "password", wrong)}
              class="set-input"
              {...(name === "password" ? SECRET : PLAIN)}
              autocomplete={name === "password" ? "new-password" : "off"}
              required={name === "name"}
              value={values[name]}
              onInput={(event) =>
                setValues({ ...values, [name]: event.currentTarget.value })
              }
            />
          </Framed>
        );
      })}
      <Framed id="agent-new-role" label={t("agent_is")}>
        <select
          id="agent-new-role"
          class="set-input"
          value={role}
          onChange={(event) => setRole(event.currentTarget.value)}
        >
          <option value="agent">{t("role_agent")}</option>
          <option value="admin">{t("role_admin")}</option>
        </select>
      </Framed>
      {refused && !known && (
        <p class="set-wrong" role="alert">
          {refused.reason}
        </p>
      )}
      <span class="set-bar-acts">
        <Button label={t("cancel")} onClick={onDone} />
        <button type="submit" class="button primary">
          {t("agent_add")}
        </button>
      </span>
    </form>
  );
}

function inWords(error: unknown): string {
  if (!(error instanceof RestError)) return t("error_unavailable");
  return error.reason ?? t(`error_${error.code}`, { code: error.code, reason: "" });
}
