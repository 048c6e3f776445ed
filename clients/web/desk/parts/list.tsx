/** The list of conversations, and what was found in them. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import { NAMES_OF_VIEWS, viewTitle } from "./titles";
import type { Hit } from "../model/looking";
import { useStore } from "../state/store";
import type { Channel, Ticket } from "../state/ticket";
import { closing } from "../state/undo";
import { waitOf } from "../state/wait";
import { ago, dateTime, t } from "../words/words";
import { Avatar, Button, Empty, Skeleton, WaitChip } from "./bits";
import { useDesk } from "./context";
import { focusList, followRow } from "./focus";
import { Icon, type IconName } from "./icon";
import { type Scroller, Virtual } from "./virtual";

const ROW = 56;
const HIT = 72;

export function ListPane() {
  const desk = useDesk();
  const view = useStore(desk.listing.inbox, (inbox) => inbox.view);
  const stats = useStore(desk.listing.stats);
  const teams = useStore(desk.base.seat, (seat) => seat.shop.teams);
  const search = useStore(desk.looking.search);
  const title = viewTitle(view, teams);
  return (
    <section class="list" aria-label={t("inbox_label", { view: title })}>
      <header class="list-head">
        <div class="list-title">
          <h1 tabIndex={-1}>{title}</h1>
          {view.status === "open" && stats && stats.overdue > 0 && (
            <span class="chip overdue">{t("overdue_count", { n: stats.overdue })}</span>
          )}
          <ChannelFilter />
        </div>
        <SearchField />
        {NAMES_OF_VIEWS.has(view.name) || view.status === "open" ? <Statuses /> : null}
      </header>
      {search ? <Hits /> : <Rows />}
    </section>
  );
}

function Statuses() {
  const desk = useDesk();
  const view = useStore(desk.listing.inbox, (inbox) => inbox.view);
  return (
    <div class="tabs" role="group" aria-label={t("status")}>
      {(["open", "snoozed", "closed"] as const).map((status) => (
        <button
          type="button"
          key={status}
          aria-pressed={view.status === status}
          onClick={() => desk.show({ name: view.name, status })}
        >
          {t(`status_${status}`)}
        </button>
      ))}
    </div>
  );
}

function ChannelFilter() {
  const { listing } = useDesk();
  const view = useStore(listing.inbox, (inbox) => inbox.view);
  const choose = (channel: string) => {
    const { name, status } = view;
    listing.show(
      channel === "" ? { name, status } : { name, status, channel: channel as Channel },
    );
  };
  return (
    <select
      class="filter"
      aria-label={t("channel")}
      value={view.channel ?? ""}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value="">{t("filter_all")}</option>
      <option value="chat">{t("filter_chat")}</option>
      <option value="sms">{t("filter_sms")}</option>
    </select>
  );
}

function SearchField() {
  const desk = useDesk();
  const q = useStore(desk.looking.search, (search) => search?.q ?? "");
  return (
    <div class="search" role="search">
      <Icon name="search" size={16} />
      <input
        id="search"
        type="search"
        value={q}
        placeholder={t("search_hint")}
        aria-label={t("search_label")}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => desk.looking.find(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            desk.looking.find("");
            focusList();
          } else if (event.key === "Enter" || event.key === "ArrowDown") {
            event.preventDefault();
            focusFirst();
          }
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

function focusFirst(): void {
  document.querySelector<HTMLElement>(".list .row, .list .hit")?.focus();
}

function Rows() {
  const desk = useDesk();
  const inbox = useStore(desk.listing.inbox);
  const undo = useStore(desk.handling.undo);
  const chat = useStore(desk.talking.talk, (talk) => talk.chat);
  const scroller = useRef<Scroller | null>(null);
  const rows = useMemo(() => {
    const going = closing(undo);
    if (going.size === 0 || inbox.view.status === "closed") return inbox.rows;
    return inbox.rows.filter((row) => !going.has(row.chat));
  }, [inbox.rows, undo, inbox.view.status]);
  const shop = useStore(desk.base.seat, (seat) => seat.shop);
  const stamp = useMemo(() => ({}), [chat, shop]);
  useEffect(() => {
    if (chat === undefined) return;
    scroller.current?.toKey(chat);
    followRow();
  }, [chat]);
  if (rows.length === 0) return <NoRows />;
  const { name, status, channel } = inbox.view;
  return (
    <div class="rows" role="list" aria-label={t("inbox")} aria-busy={inbox.loading}>
      <Virtual
        items={rows}
        of={`${name} ${status} ${channel ?? ""}`}
        keyOf={(row) => row.chat}
        guess={() => ROW}
        fixed
        stamp={stamp}
        draw={(row) => <Row row={row} current={row.chat === chat} />}
        scroller={scroller}
        onEnd={inbox.cursor === undefined ? undefined : () => desk.listing.more()}
      />
    </div>
  );
}

function NoRows() {
  const desk = useDesk();
  const { view, loading, failed } = useStore(desk.listing.inbox);
  if (failed) {
    return (
      <Empty icon="alert" title={t("load_failed")}>
        <Button label={t("again")} onClick={() => desk.listing.again()} />
      </Empty>
    );
  }
  if (loading) return <Skeleton rows={6} />;
  const kind =
    view.status === "open"
      ? view.name.startsWith("team:")
        ? "team"
        : view.name
      : view.status;
  return (
    <Empty
      icon={ICONS[kind] ?? "inbox"}
      title={t(`empty_${kind}`)}
      next={t(`empty_${kind}_next`)}
    >
      {kind === "mine" && (
        <Button
          label={t("to_unassigned")}
          onClick={() => desk.show({ name: "unassigned", status: "open" })}
        />
      )}
    </Empty>
  );
}

const ICONS: Record<string, IconName> = {
  mine: "person",
  unassigned: "check",
  bot: "bot",
  snoozed: "snooze",
  closed: "check",
  team: "people",
};

function Row({ row, current }: { row: Ticket; current: boolean }) {
  const desk = useDesk();
  const draft = desk.talking.drafts.has(row.chat) && !current;
  const { check_in: patience } = desk.base.shop;
  const waits = waitOf(row, patience, desk.base.clock.get()) !== undefined;
  return (
    <div role="listitem">
      <button
        type="button"
        class={`row ${row.unread ? "unread" : ""}`}
        aria-current={current ? "true" : undefined}
        onClick={() => desk.open(row.chat)}
        data-chat={row.chat}
      >
        <span class="row-dot">{row.unread && <i />}</span>
        <span class="row-icon">
          <Icon name={row.icon === "envelope" ? "envelope" : "chat"} size={16} />
          {row.flags.includes("online") && <i class="presence online" />}
        </span>
        <span class="row-name ellipsis">
          {row.unread && <span class="unseen">{t("unread")}: </span>}
          <span class="unseen">{t(`channel_${row.channel}`)} </span>
          <bdi>{row.name}</bdi>
        </span>
        <span class="row-time">
          {waits ? <WaitChip ticket={row} /> : <When row={row} />}
        </span>
        <span class="row-preview ellipsis">
          {draft && <em class="draft">{t("draft")} </em>}
          <bdi>{row.preview}</bdi>
        </span>
        <span class="row-owner">
          {row.tags.slice(0, 1).map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))}
          <Owner row={row} />
        </span>
      </button>
    </div>
  );
}

function Owner({ row }: { row: Ticket }) {
  const { base } = useDesk();
  if (row.control === "bot") return <span class="owner">{t("bot")}</span>;
  if (row.assignee === null) return <span class="owner none">{t("unassigned")}</span>;
  const own = row.assignee === base.me;
  return <span class="owner">{own ? t("you") : base.name(row.assignee)}</span>;
}

function When({ row }: { row: Ticket }) {
  const { base } = useDesk();
  // Once in ten seconds is enough for what is told in minutes.
  const now = useStore(base.clock, (clock) => Math.floor(clock / 10_000) * 10_000);
  if (row.status === "snoozed") {
    return (
      <span class="when">
        {row.until === undefined
          ? t("until_reply")
          : t("until", { when: dateTime(row.until) })}
      </span>
    );
  }
  return <span class="when">{ago(now - row.last_at)}</span>;
}

function Hits() {
  const desk = useDesk();
  const search = useStore(desk.looking.search);
  if (!search) return null;
  if (search.hits.length === 0) {
    if (search.busy) return <Skeleton rows={6} />;
    if (search.failed)
      return <Empty icon="alert" title={t(`error_${search.failed}`)} />;
    return (
      <Empty
        icon="search"
        title={t("no_hits", { q: search.q })}
        next={t("no_hits_next")}
      />
    );
  }
  return (
    <div class="rows" role="list" aria-label={t("hits")} aria-busy={search.busy}>
      <span class="unseen" role="status">
        {t("results", { n: search.hits.length })}
      </span>
      <Virtual
        items={search.hits}
        of={search.q}
        keyOf={(hit) => `${hit.chat} ${hit.seq} ${hit.kind}`}
        guess={() => HIT}
        stamp=""
        draw={(hit) => <HitRow hit={hit} />}
        onEnd={() => void desk.looking.moreHits()}
      />
    </div>
  );
}

function HitRow({ hit }: { hit: Hit }) {
  const desk = useDesk();
  const name = hit.name || desk.listing.row(hit.chat)?.name || t("nameless");
  return (
    <div role="listitem">
      <button type="button" class="hit" onClick={() => desk.open(hit.chat)}>
        <Avatar name={name} />
        <span class="hit-name ellipsis">
          <bdi>{name}</bdi>
          {hit.status !== "open" && <small> · {t(`status_${hit.status}`)}</small>}
        </span>
        <time class="when">{dateTime(hit.at)}</time>
        <span class="hit-text">
          {hit.kind === "note" && <em>{t("note")}: </em>}
          {hit.snippet.map((part, at) =>
            // Every second part is what was looked for.
            at % 2 === 1 ? <mark key={at}>{part}</mark> : part,
          )}
        </span>
      </button>
    </div>
  );
}
