/** The conversation on the screen: its head, what was said, and the composer. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Pending } from "../model/talking";
import { type Line, linesOf } from "../state/lines";
import { useStore } from "../state/store";
import { type Thread, receiptOf } from "../state/thread";
import { type Ticket, agentOf, isOutside } from "../state/ticket";
import { dayKey, day, t } from "../words/words";
import { Button, Empty } from "./bits";
import { Composer } from "./composer";
import { useDesk } from "./context";
import { Head } from "./head";
import { Bubble, Note, PendingBubble, SystemLine } from "./lines";
import { type Scroller, Virtual } from "./virtual";

export function ThreadPane() {
  const desk = useDesk();
  const { chat, thread, failed } = useStore(desk.talking.talk);
  const rows = useStore(desk.listing.inbox, (inbox) => inbox.rows);
  if (chat === undefined) {
    return (
      <section class="thread none" aria-label={t("messages")}>
        <Empty icon="chat" title={t("no_chat")} next={t("no_chat_next")} />
      </section>
    );
  }
  const ticket = rows.find((row) => row.chat === chat) ?? thread?.ticket;
  if (failed) {
    return (
      <section class="thread none" aria-label={t("messages")}>
        <Empty icon="alert" title={t("chat_failed")} next={failedNext(failed)}>
          <Button label={t("back")} onClick={() => desk.shut()} />
        </Empty>
      </section>
    );
  }
  return (
    <section
      class="thread"
      aria-label={t("thread", { name: ticket?.name || t("nameless") })}
    >
      {ticket && <Head ticket={ticket} />}
      {thread ? <Messages thread={thread} /> : <Waiting />}
      {ticket && thread && (
        // What was being written in an erased chat goes with it.
        <Composer key={`${chat}${thread.erased ? " erased" : ""}`} ticket={ticket} />
      )}
    </section>
  );
}

function failedNext(code: string): string {
  return code === "not_found" ? t("chat_gone") : t(`error_${code}`);
}

function Waiting() {
  return (
    <div class="messages skeleton" role="status" aria-label={t("loading")}>
      {[0, 1, 2, 3].map((at) => (
        <div class="skeleton-bubble" key={at} />
      ))}
    </div>
  );
}

type Item = Line | { key: string; type: "pending"; pending: Pending };

function Messages({ thread }: { thread: Thread }) {
  const desk = useDesk();
  const { pending, loadingMore } = useStore(desk.talking.talk);
  const me = useStore(desk.base.seat, (seat) => seat.me);
  const known = useRef<readonly Line[]>([]);
  const scroller = useRef<Scroller | null>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(thread.position);
  const lines = useMemo(() => {
    known.current = linesOf(thread.events, me, dayKey, known.current);
    return known.current;
  }, [thread.events, me]);
  const own = pending.filter((each) => each.chat === thread.chat);
  const items: readonly Item[] = useMemo(
    () =>
      own.length === 0
        ? lines
        : [
            ...lines,
            ...own.map((each) => ({
              key: each.id,
              type: "pending" as const,
              pending: each,
            })),
          ],
    [lines, pending],
  );
  const last = useMemo(() => lastOwn(thread), [thread.events]);
  // Everything but the newest receipt is as it was: of that the line alone is drawn anew.
  const stamp = `${last} ${receiptOf(thread, last)}`;
  const fresh = atEnd ? 0 : countAfter(thread, seen);
  useEffect(() => {
    if (!atEnd) return;
    setSeen(thread.position);
    desk.read();
  }, [atEnd, thread.position]);
  useEffect(() => {
    const look = () => {
      if (scroller.current?.atEnd()) desk.read();
    };
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  useEffect(() => {
    // One's own words are always in sight.
    if (own.length > 0) scroller.current?.toEnd();
  }, [own.length]);
  return (
    <div class="messages">
      <div class="log" role="log" aria-live="off" aria-label={t("messages")}>
        <Virtual<Item>
          items={items}
          of={thread.chat}
          keyOf={(item) => item.key}
          guess={guess}
          draw={(item) => <LineOf item={item} last={last} thread={thread} />}
          endFirst
          stamp={stamp}
          scroller={scroller}
          onStart={thread.more ? () => void desk.talking.earlier() : undefined}
          onScroll={setAtEnd}
          head={<div class="log-head">{loadingMore && t("earlier")}</div>}
        />
      </div>
      {!atEnd && (
        <button type="button" class="pill" onClick={() => scroller.current?.toEnd()}>
          {fresh > 0 ? t("new_below", { n: fresh }) : t("to_end")}
        </button>
      )}
      <Signs ticket={thread.ticket} />
    </div>
  );
}

/** Guesses a line's height from what stands in it: near enough for the scroll bar. */
function guess(item: Item): number {
  if (item.type === "day") return 48;
  if (item.type === "system") return 32;
  if (item.type === "pending") return 48;
  const text = item.event.body["text"];
  const lines = typeof text === "string" ? Math.ceil(text.length / 60) : 1;
  const images = item.event.body["blobs"] ? 180 : 0;
  return 28 + lines * 20 + images;
}

function LineOf(props: { item: Item; last: number; thread: Thread }) {
  const { item, last, thread } = props;
  const { base } = useDesk();
  const name = thread.ticket.name || t("nameless");
  switch (item.type) {
    case "day":
      return (
        <div class="day">
          <span>{day(item.at, base.now())}</span>
        </div>
      );
    case "note":
      return <Note event={item.event} />;
    case "system":
      return <SystemLine event={item.event} name={name} />;
    case "pending":
      return <PendingBubble pending={item.pending} />;
    default:
      return (
        <Bubble
          line={item}
          receipt={item.event.seq === last ? thread.receipts : undefined}
          name={name}
        />
      );
  }
}

/** Returns the seq of the newest message of an agent: it alone says how far it came. */
function lastOwn(thread: Thread): number {
  const own = thread.events.findLast(
    (event) => event.kind === "msg" && agentOf(event.by) !== undefined,
  );
  return own?.seq ?? 0;
}

function countAfter(thread: Thread, seen: number): number {
  let count = 0;
  for (let at = thread.events.length - 1; at >= 0; at -= 1) {
    const event = thread.events[at];
    if (!event || event.seq <= seen) break;
    if (event.kind === "msg" && isOutside(event.by)) count += 1;
  }
  return count;
}

/** Who else is here, and who types; its place is kept free, so that nothing jumps. */
function Signs({ ticket }: { ticket: Ticket }) {
  const { base, talking } = useDesk();
  const signs = useStore(talking.talk, (talk) => talk.signs);
  const nameOf = (by: string) => {
    const agent = agentOf(by);
    if (agent !== undefined) return base.name(agent);
    return isOutside(by) ? ticket.name : t("bot");
  };
  const typing = signs.filter((sign) => sign.what !== "viewing");
  const typers = new Set(typing.map((sign) => sign.by));
  const viewing = signs.filter(
    (sign) => sign.what === "viewing" && !typers.has(sign.by) && !isOutside(sign.by),
  );
  const names = viewing.map((sign) => nameOf(sign.by));
  return (
    <div class="signs" role="status">
      {typing.map((sign) => (
        <span class="sign typing" key={sign.by}>
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t(
            sign.what === "thinking"
              ? "thinking"
              : sign.note
                ? "typing_note"
                : "typing",
            {
              name: nameOf(sign.by),
            },
          )}
        </span>
      ))}
      {names.length > 0 && (
        <span class="sign viewing">
          {t(names.length === 1 ? "viewing" : "viewing_many", {
            names: names.join(", "),
          })}
        </span>
      )}
    </div>
  );
}
