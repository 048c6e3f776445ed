/** The head of a conversation: with whom, how it stands, and what can be done. */

import { useStore } from "../state/store";
import type { Ticket } from "../state/ticket";
import { dateTime, t } from "../words/words";
import { Button, WaitChip } from "./bits";
import { useDesk } from "./context";
import { Icon } from "./icon";
import { roomForPerson, togglePerson } from "./panes";

export function Head({ ticket }: { ticket: Ticket }) {
  const desk = useDesk();
  const shown = useStore(desk.prefs, (prefs) => prefs.showPerson);
  const drawer = useStore(desk.drawer);
  const bot = useStore(desk.base.seat, (seat) => seat.shop.bot === true);
  const closed = ticket.status === "closed";
  return (
    <header class="head">
      <div class="head-back">
        <Button
          icon="back"
          label={t("back")}
          quiet
          kind="ghost"
          onClick={() => desk.shut()}
        />
      </div>
      <div class="head-who">
        <h2 class="ellipsis">
          <Icon name={ticket.icon === "envelope" ? "envelope" : "chat"} size={16} />
          <span class="unseen">{t(`channel_${ticket.channel}`)} </span>
          <bdi>{ticket.name || t("nameless")}</bdi>
        </h2>
        <p class="ellipsis">
          <Standing ticket={ticket} />
          {ticket.tags.map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))}
        </p>
      </div>
      <WaitChip ticket={ticket} large />
      <div class="head-actions">
        {!closed && ticket.control === "bot" && (
          <Button
            label={t("take")}
            kind="primary"
            keys="T"
            onClick={() => desk.handling.take(ticket.chat)}
          />
        )}
        {!closed && (
          <>
            {bot && ticket.control === "humans" && (
              <Button
                icon="bot"
                label={t("release")}
                keys="T"
                quiet
                kind="ghost"
                onClick={() => desk.handling.release(ticket.chat)}
              />
            )}
            <Button
              icon="swap"
              label={t("assign")}
              keys="A"
              quiet
              kind="ghost"
              onClick={() => desk.overlay.set("assign")}
            />
            {ticket.status === "snoozed" ? (
              <Button
                label={t("wake")}
                keys="S"
                onClick={() => desk.handling.wake(ticket)}
              />
            ) : (
              <Button
                icon="snooze"
                label={t("snooze")}
                keys="S"
                quiet
                kind="ghost"
                onClick={() => desk.overlay.set("snooze")}
              />
            )}
            <Button
              icon="check"
              label={t("close")}
              keys="E"
              quiet
              kind="ghost"
              onClick={() => desk.overlay.set("close")}
            />
            <Button
              icon="tag"
              label={t("tags")}
              keys="L"
              quiet
              kind="ghost"
              onClick={() => desk.overlay.set("tags")}
            />
          </>
        )}
        <Button
          icon="person"
          label={t("person")}
          keys="P"
          quiet
          kind="ghost"
          pressed={roomForPerson() ? shown : drawer}
          onClick={() => togglePerson(desk)}
        />
      </div>
    </header>
  );
}

function Standing({ ticket }: { ticket: Ticket }) {
  const { base } = useDesk();
  const { me, shop } = useStore(base.seat);
  const team = shop.teams.find((each) => each.id === ticket.team)?.name;
  const owner =
    ticket.assignee === null
      ? t("unassigned")
      : ticket.assignee === me
        ? t("you")
        : base.name(ticket.assignee);
  const parts = [
    ticket.status === "open" ? "" : snoozed(ticket),
    ticket.control === "bot" ? t("bot") : owner,
    team ?? "",
  ];
  return <span>{parts.filter(Boolean).join(" · ")}</span>;
}

function snoozed(ticket: Ticket): string {
  const status = t(`status_${ticket.status}`);
  if (ticket.status !== "snoozed") return status;
  if (ticket.until === undefined) return `${status} ${t("until_reply")}`;
  return `${status} ${t("until", { when: dateTime(ticket.until) })}`;
}
