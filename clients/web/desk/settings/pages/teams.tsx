/** Teams with queues of their own, and which tickets wait there. */

import { Button } from "../../parts/bits";
import { useStore } from "../../state/store";
import { t } from "../../words/words";
import { useOffice } from "../context";
import { freshId } from "../form/order";
import type { Path } from "../form/paths";
import { type Field, fieldAt } from "../form/schema";
import { FieldView, Wrong, idOf, useForm, useValue } from "../form/view";
import { focusSoon } from "../form/focus";
import type { Team } from "../model/documents";

const TEAMS = ["assignment", "teams"];
const RULES = ["assignment", "rules"];

interface Rule {
  if: Readonly<Record<string, string | null>>;
  team: string;
}

export function Teams() {
  const fields = useStore(useOffice().fields)?.settings ?? [];
  return (
    <>
      <TeamList item={itemOf(fieldAt(fields, TEAMS))} />
      <RuleList item={itemOf(fieldAt(fields, RULES))} />
    </>
  );
}

function itemOf(field: Field | undefined): readonly Field[] {
  if (field?.kind !== "list" || field.item.kind !== "group") return [];
  return field.item.fields;
}

function TeamList({ item }: { item: readonly Field[] }) {
  const form = useForm();
  const [value] = useValue(TEAMS);
  const [, wrong] = useValue(TEAMS, true);
  const teams = value as readonly Team[];
  const id = idOf(form, TEAMS);
  const put = (next: readonly Team[]) => form.paper.edit(TEAMS, next);
  const add = () => {
    put([...teams, { id: freshId(teams, "team"), name: "", members: [] }]);
    focusSoon(`${id}.${teams.length}.name`);
  };
  const own = (name: string) => item.find((field) => field.name === name);
  return (
    <fieldset class="set-field" id={id} tabIndex={-1}>
      <legend>{t("set.assignment.teams")}</legend>
      {teams.length === 0 && <p class="set-none">{t("teams_none")}</p>}
      {teams.map((team, at) => (
        <div class="set-card" key={at}>
          <div class="set-group">
            <div class="set-pair">
              {["name", "id"].map((name) => {
                const field = own(name);
                return (
                  field && (
                    <FieldView key={name} field={field} path={[...TEAMS, at, name]} />
                  )
                );
              })}
            </div>
            <Members path={[...TEAMS, at, "members"]} />
            {own("restricted") && (
              <FieldView
                field={own("restricted") as Field}
                path={[...TEAMS, at, "restricted"]}
              />
            )}
          </div>
          <Button
            icon="close"
            label={t("remove_item", { title: team.name || team.id })}
            quiet
            kind="ghost"
            onClick={() => put(teams.filter((_, each) => each !== at))}
          />
        </div>
      ))}
      <Button icon="plus" label={t("team_add")} onClick={add} />
      <Wrong id={id} wrong={wrong} />
    </fieldset>
  );
}

function Members({ path }: { path: Path }) {
  const form = useForm();
  const [value, wrong] = useValue(path);
  const agents = useStore(useOffice().agents) ?? [];
  const members = (value ?? []) as readonly string[];
  const id = idOf(form, path);
  // Somebody may be a member who has no account any more.
  const gone = members.filter((name) => !agents.some((agent) => agent.id === name));
  const everybody = [
    ...agents.map((agent) => ({ id: agent.id, name: agent.name })),
    ...gone.map((name) => ({ id: name, name })),
  ];
  return (
    <fieldset class="set-field" id={id} tabIndex={-1}>
      <legend>{t("set.assignment.teams.members")}</legend>
      <div class="set-checks">
        {everybody.map((agent) => (
          <label key={agent.id}>
            <input
              type="checkbox"
              checked={members.includes(agent.id)}
              onChange={(event) =>
                form.paper.edit(
                  path,
                  event.currentTarget.checked
                    ? [...members, agent.id]
                    : members.filter((name) => name !== agent.id),
                )
              }
            />{" "}
            {agent.name}
          </label>
        ))}
      </div>
      <Wrong id={id} wrong={wrong} />
    </fieldset>
  );
}

function RuleList({ item }: { item: readonly Field[] }) {
  const form = useForm();
  const [value] = useValue(RULES);
  const [, wrong] = useValue(RULES, true);
  const [known] = useValue(TEAMS);
  const rules = value as readonly Rule[];
  const teams = known as readonly Team[];
  const id = idOf(form, RULES);
  const put = (next: readonly Rule[]) => form.paper.edit(RULES, next);
  const condition = item.find((field) => field.name === "if");
  return (
    <fieldset class="set-field" id={id} tabIndex={-1}>
      <legend>{t("set.assignment.rules")}</legend>
      <p class="set-help">{t("rules_help")}</p>
      {rules.map((rule, at) => (
        <div class="set-card" key={at}>
          <div class="set-group">
            {condition && <FieldView field={condition} path={[...RULES, at, "if"]} />}
            <label class="set-then">
              {t("rule_then")}{" "}
              <select
                class="set-input"
                value={rule.team}
                onChange={(event) =>
                  form.paper.edit([...RULES, at, "team"], event.currentTarget.value)
                }
              >
                {teams.map((team) => (
                  <option key={team.id} value={team.id}>
                    {team.name || team.id}
                  </option>
                ))}
                {!teams.some((team) => team.id === rule.team) && (
                  <option value={rule.team}>{rule.team}</option>
                )}
              </select>
            </label>
          </div>
          <Button
            icon="close"
            label={t("remove_nth", { what: t("set.assignment.rules"), n: at + 1 })}
            quiet
            kind="ghost"
            onClick={() => put(rules.filter((_, each) => each !== at))}
          />
        </div>
      ))}
      {teams.length > 0 && (
        <Button
          icon="plus"
          label={t("rule_add")}
          onClick={() => put([...rules, { if: {}, team: teams[0]?.id ?? "" }])}
        />
      )}
      <Wrong id={id} wrong={wrong} />
    </fieldset>
  );
}
