/** Texts that agents need often, and what goes with them. */

import { useDesk } from "../../parts/context";
import { useStore } from "../../state/store";
import { t } from "../../words/words";
import { ItemFields } from "../editors/item-fields";
import { Items } from "../editors/items";
import { Framed, idOf, tied, useForm, useValue } from "../form/view";
import type { Macro, Then } from "../model/documents";

const PRESETS = ["next_reply", "later_today", "tomorrow", "one_week"] as const;

export function Macros() {
  return (
    <Items<Macro>
      titleOf={(item) => item.name}
      noteOf={({ shortcut, category }) => (
        <>
          {category && <small class="quiet">{category}</small>}
          {shortcut && <span class="tag">/{shortcut}</span>}
        </>
      )}
      begin={() => ({ name: "", category: "", shortcut: "", text: "", hold: false })}
      first="name"
      add={t("macro_add")}
      empty={t("macros_none")}
    >
      {(at) => (
        <>
          <ItemFields
            at={at}
            names={["name", "shortcut", "category", "text", "hold"]}
          />
          <Afterwards at={at} />
        </>
      )}
    </Items>
  );
}

/** What happens to the ticket once the text is said. */
function Afterwards({ at }: { at: number }) {
  const form = useForm();
  const path = [at, "then"];
  const [value, wrong] = useValue(path);
  const then = (value ?? {}) as Then;
  const put = (change: Then) => form.paper.edit(path, { ...then, ...change });
  const assign = (chosen: string) => {
    const { assign: _, ...rest } = then;
    if (chosen === KEEP) form.paper.edit(path, rest);
    else put({ assign: chosen === NOBODY ? null : chosen });
  };
  const agents = useStore(useDesk().base.seat, (seat) => seat.shop.agents);
  const owner = then.assign === undefined ? KEEP : (then.assign ?? NOBODY);
  const [snooze, whom, tags] = ["snooze", "assign", "tag"].map((name) =>
    idOf(form, [...path, name]),
  ) as [string, string, string];
  return (
    <fieldset class="set-field">
      <legend>{t("then")}</legend>
      <label class="switch">
        <input
          type="checkbox"
          role="switch"
          checked={then.close === true}
          onChange={(event) => put({ close: event.currentTarget.checked })}
        />
        <span>{t("then_close")}</span>
      </label>
      <div class="set-pair">
        <Framed id={snooze} label={t("then_snooze")}>
          <select
            {...tied(snooze, false, undefined)}
            class="set-input"
            value={then.snooze ?? ""}
            onChange={(event) => put({ snooze: event.currentTarget.value || null })}
          >
            <option value="">{t("then_not")}</option>
            {PRESETS.map((preset) => (
              <option key={preset} value={preset}>
                {t(`then_${preset}`)}
              </option>
            ))}
          </select>
        </Framed>
        <Framed id={whom} label={t("then_assign")}>
          <select
            {...tied(whom, false, undefined)}
            class="set-input"
            value={owner}
            onChange={(event) => assign(event.currentTarget.value)}
          >
            <option value={KEEP}>{t("then_keep")}</option>
            <option value={NOBODY}>{t("then_nobody")}</option>
            {agents.map((agent) => (
              <option key={agent.id} value={agent.id}>
                {agent.name}
              </option>
            ))}
          </select>
        </Framed>
      </div>
      <Framed id={tags} label={t("then_tag")} help={t("then_tag_help")} wrong={wrong}>
        <input
          {...tied(tags, true, wrong)}
          class="set-input"
          type="text"
          defaultValue={(then.tag ?? []).join(", ")}
          onChange={(event) => put({ tag: tagsIn(event.currentTarget.value) })}
        />
      </Framed>
    </fieldset>
  );
}

// No agent is called so: their names begin with a letter.
const KEEP = " keep";
const NOBODY = " nobody";

function tagsIn(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim());
  return [...new Set(tags.filter(Boolean))];
}
