/** What is asked before something is done: until when, to whom, for good? */

import { useState } from "preact/hooks";
import { useStore } from "../state/store";
import type { Ticket } from "../state/ticket";
import { dateTime, t } from "../words/words";
import { Button, Sheet } from "./bits";
import { useDesk } from "./context";
import { Pick, type Picked } from "./pick";

interface Props {
  ticket: Ticket;
  onClose: () => void;
}

const LATER_MS = 3 * 3600_000;
const MOST_MS = 90 * 86_400_000;

export function SnoozeMenu({ ticket, onClose }: Props) {
  const desk = useDesk();
  const now = desk.base.now();
  const [custom, setCustom] = useState(false);
  const [when, setWhen] = useState(local(ticket.until ?? now + LATER_MS));
  const [bad, setBad] = useState(false);
  const preset = (name: string) => {
    desk.handling.snooze(ticket, { preset: name }, t("done_snoozed"));
    onClose();
  };
  const choices: Picked[] = [
    {
      id: "later_today",
      label: t("snooze_later"),
      hint: dateTime(now + LATER_MS),
      icon: "clock",
    },
    {
      id: "tomorrow",
      label: t("snooze_tomorrow"),
      hint: t("snooze_tomorrow_hint"),
      icon: "snooze",
    },
    {
      id: "one_week",
      label: t("snooze_week"),
      hint: dateTime(now + 7 * 86_400_000),
      icon: "snooze",
    },
    {
      id: "next_reply",
      label: t("snooze_reply"),
      hint: t("snooze_reply_hint"),
      icon: "chat",
    },
    { id: "custom", label: t("snooze_custom"), hint: "", icon: "gear" },
  ];
  return (
    <Sheet label={t("snooze_title")} onClose={onClose}>
      <h2>{t("snooze_title")}</h2>
      {custom ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const until = new Date(when).getTime();
            const ahead = until - desk.base.now();
            if (!(ahead >= 60_000 && ahead <= MOST_MS)) {
              setBad(true);
              return;
            }
            desk.handling.snooze(ticket, { until }, t("done_snoozed"));
            onClose();
          }}
        >
          <label class="field">
            <span>{t("snooze_custom")}</span>
            <input
              type="datetime-local"
              required
              value={when}
              min={local(now + 60_000)}
              max={local(now + MOST_MS)}
              aria-invalid={bad}
              aria-describedby={bad ? "snooze-bad" : undefined}
              onInput={(event) => setWhen(event.currentTarget.value)}
            />
          </label>
          {bad && (
            <p class="field-error" id="snooze-bad" role="alert">
              {t("snooze_bad")}
            </p>
          )}
          <div class="row-end">
            <Button label={t("cancel")} kind="ghost" onClick={onClose} />
            <button type="submit" class="button primary">
              {t("snooze_set")}
            </button>
          </div>
        </form>
      ) : (
        <Pick
          label={t("snooze_title")}
          choices={choices}
          onPick={({ id }) => (id === "custom" ? setCustom(true) : preset(id))}
        />
      )}
    </Sheet>
  );
}

/** Returns a moment as `datetime-local` fields have it. */
function local(at: number): string {
  const moment = new Date(at);
  moment.setMinutes(moment.getMinutes() - moment.getTimezoneOffset());
  return moment.toISOString().slice(0, 16);
}

export function AssignMenu({ ticket, onClose }: Props) {
  const desk = useDesk();
  const { shop, present, me } = useStore(desk.base.seat);
  const [ask, setAsk] = useState(false);
  const [note, setNote] = useState("");
  const others = shop.agents.filter((agent) => agent.id !== me);
  const rank = (id: string) => ["online", "away"].indexOf(present[id] ?? "") >>> 0;
  const choices: Picked[] = [
    {
      id: me,
      label: t("assign_me"),
      hint: "",
      icon: "person" as const,
      current: ticket.assignee === me,
    },
    {
      id: "",
      label: t("assign_nobody"),
      hint: "",
      icon: "free" as const,
      current: ticket.assignee === null,
    },
    ...others
      .toSorted((a, b) => rank(a.id) - rank(b.id) || a.name.localeCompare(b.name))
      .map((agent) => ({
        id: agent.id,
        label: agent.name,
        hint: t(`state_${present[agent.id] ?? "offline"}`),
        icon: "person" as const,
        presence: present[agent.id] ?? "offline",
        current: ticket.assignee === agent.id,
      })),
    ...shop.teams.map((team) => ({
      id: `team:${team.id}`,
      label: team.name,
      hint: t("team"),
      icon: "people" as const,
    })),
  ];
  const give = ({ id, label }: Picked) => {
    const to = id || null;
    const handsOn = to !== null && to !== me && (ask || note.trim() !== "");
    if (handsOn)
      desk.handling.transfer(ticket, to, note.trim(), ask && !to.startsWith("team:"));
    else {
      const said =
        to === null
          ? t("done_unassigned")
          : t("done_assigned", { name: to === me ? t("you") : label });
      desk.handling.assign(ticket, to, said);
    }
    onClose();
  };
  return (
    <Sheet label={t("assign_title")} onClose={onClose}>
      <h2>{t("assign_title")}</h2>
      <Pick
        label={t("assign_title")}
        find={t("assign_find")}
        choices={choices}
        onPick={give}
      >
        <label class="field">
          <span class="unseen">{t("assign_note")}</span>
          <input
            value={note}
            placeholder={t("assign_note")}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        <label class="switch">
          <input
            type="checkbox"
            checked={ask}
            onChange={(event) => setAsk(event.currentTarget.checked)}
          />
          {t("assign_ask")}
        </label>
      </Pick>
    </Sheet>
  );
}

export function CloseMenu({ ticket, onClose }: Props) {
  const desk = useDesk();
  const asks = useStore(desk.base.seat, (seat) => seat.shop.ask_rating);
  const [rate, setRate] = useState(true);
  const { name } = ticket;
  return (
    <Sheet label={t("close_title")} onClose={onClose}>
      <h2>{t("close_title")}</h2>
      {ticket.waiting_since !== null && (
        <p class="warn">
          <strong>{t("close_unanswered", { name })}</strong>
        </p>
      )}
      <p class="quiet">{t("close_next", { name })}</p>
      {asks && (
        <label class="switch">
          <input
            type="checkbox"
            checked={rate}
            onChange={(event) => setRate(event.currentTarget.checked)}
          />
          {t("close_rate", { name })}
        </label>
      )}
      <div class="row-end">
        <Button label={t("cancel")} kind="ghost" onClick={onClose} />
        {/* What was asked for has the focus: E, then Enter. */}
        <button
          type="button"
          class="button primary"
          autofocus
          onClick={() => {
            desk.closeTicket(ticket, asks && !rate);
            onClose();
          }}
        >
          {t("close_yes")}
        </button>
      </div>
    </Sheet>
  );
}

export function TagsMenu({ ticket, onClose }: Props) {
  const desk = useDesk();
  const [tag, setTag] = useState("");
  return (
    <Sheet label={t("tags")} onClose={onClose}>
      <h2>{t("tags")}</h2>
      <p class="tags">
        {ticket.tags.map((each) => (
          <span class="tag removable" key={each}>
            {each}
            <button
              type="button"
              aria-label={t("tag_remove", { tag: each })}
              onClick={() => desk.handling.tag(ticket.chat, [], [each])}
            >
              ×
            </button>
          </span>
        ))}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const added = tag.trim();
          if (added) desk.handling.tag(ticket.chat, [added], []);
          setTag("");
        }}
      >
        <label class="field">
          <span>{t("add_tag")}</span>
          <input
            value={tag}
            maxLength={64}
            ref={(element) => {
              if (element && document.activeElement?.tagName !== "INPUT")
                element.focus();
            }}
            onInput={(event) => setTag(event.currentTarget.value)}
          />
        </label>
        <div class="row-end">
          <Button label={t("done")} kind="primary" onClick={onClose} />
        </div>
      </form>
    </Sheet>
  );
}
