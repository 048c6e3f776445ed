/**
 * One chat as it stands: its events in order, and what follows from them.
 *
 * Events come from the session in order and each once; older pages are put before them.
 */

import {
  type ChatEvent,
  type Ticket,
  agentOf,
  isOutside,
  number,
  strings,
  text,
} from "./ticket";

/** Up to where the other side has received and read, and when that was. */
export interface Receipts {
  got: number;
  read: number;
  readAt: number;
}

export interface Thread {
  chat: string;
  ticket: Ticket;
  /** What is shown, oldest first; cursors leave no line. */
  events: readonly ChatEvent[];
  /** The newest event of all; 0 before there is one. */
  position: number;
  /** The oldest event that was fetched, shown or not: what is before it is fetched next. */
  first: number;
  /** Whether there may be anything before what is shown. */
  more: boolean;
  receipts: Receipts;
  /** Whether all that was missed is here. */
  live: boolean;
  rating?: number;
  /** Whether its words are gone: what is left of them is not worth a line. */
  erased?: boolean;
}

const NOTHING: Receipts = { got: 0, read: 0, readAt: 0 };

/** Kinds that leave no line in the thread. */
const SILENT = new Set(["read", "got", "sla", "identified"]);

/** Kinds that are nothing without the words in them. */
const WORDS = new Set(["msg", "note", "faq", "tagged", "rated"]);

export function openedThread(ticket: Ticket): Thread {
  return {
    chat: ticket.chat,
    ticket,
    events: [],
    position: 0,
    first: 0,
    more: false,
    receipts: NOTHING,
    live: false,
  };
}

/** Takes the newest page of the past, or one from before what is shown. */
export function paged(
  thread: Thread,
  page: readonly ChatEvent[],
  more: boolean,
): Thread {
  const first = page[0];
  const last = page.at(-1);
  if (!first || !last) return { ...thread, more };
  const receipts = page.reduce(received, thread.receipts);
  const older = page.filter(
    (event) => isShown(event) && (thread.first === 0 || event.seq < thread.first),
  );
  return withoutWords(page, {
    ...thread,
    events: [...older, ...thread.events],
    first: first.seq,
    position: Math.max(thread.position, last.seq),
    receipts,
    more,
    ...rated(thread, page),
  });
}

/** Takes the next events, as they happened; those that are here already are passed over. */
export function appended(thread: Thread, happened: readonly ChatEvent[]): Thread {
  const fresh = happened.filter((event) => event.seq > thread.position);
  const last = fresh.at(-1);
  if (!last) return thread;
  const shown = fresh.filter(isShown);
  const ticket = fresh.reduce(ticketAfter, thread.ticket);
  return withoutWords(fresh, {
    ...thread,
    ticket,
    events: shown.length > 0 ? [...thread.events, ...shown] : thread.events,
    first: thread.first === 0 ? (fresh[0]?.seq ?? 0) : thread.first,
    position: last.seq,
    receipts: fresh.reduce(received, thread.receipts),
    ...rated(thread, fresh),
  });
}

/** Returns `thread` after `told`: once it was erased, nobody reads its words again. */
function withoutWords(told: readonly ChatEvent[], thread: Thread): Thread {
  if (!thread.erased && !told.some(({ kind }) => kind === "erased")) return thread;
  const { rating: _, ...rest } = thread;
  return {
    ...rest,
    events: thread.events.filter(({ kind }) => !WORDS.has(kind)),
    erased: true,
  };
}

/** Returns `ticket` with nothing in it that somebody said, or was called. */
export function forgotten(ticket: Ticket): Ticket {
  return { ...ticket, name: "", preview: "", tags: [] };
}

/** Begins the chat anew: the server was set back. */
export function restarted(thread: Thread): Thread {
  return { ...openedThread(thread.ticket), more: false };
}

/** Returns how far a message of ours has come. */
export function receiptOf(
  { receipts }: Pick<Thread, "receipts">,
  seq: number,
): "sent" | "got" | "read" {
  if (receipts.read >= seq) return "read";
  return receipts.got >= seq ? "got" : "sent";
}

/** Returns the ticket as `event` leaves it, as far as its head and its chip need it. */
export function ticketAfter(ticket: Ticket, event: ChatEvent): Ticket {
  const { body, at } = event;
  switch (event.kind) {
    case "msg":
      return saidIn(ticket, event);
    case "assigned":
      return { ...ticket, assignee: text(body["to"]) || null };
    case "control":
      return { ...ticket, control: text(body["to"]) };
    case "status":
      return statusAfter(ticket, body, at);
    case "closed":
      return { ...quiet(ticket), status: "closed" };
    case "tagged": {
      const gone = strings(body["remove"]);
      const kept = ticket.tags.filter((tag) => !gone.includes(tag));
      return { ...ticket, tags: [...new Set([...kept, ...strings(body["add"])])] };
    }
    case "erased":
      return forgotten(ticket);
    case "checkin":
      return body["state"] === "missed"
        ? { ...ticket, flags: [...new Set([...ticket.flags, "overdue", "attention"])] }
        : ticket;
    default:
      return ticket;
  }
}

function saidIn(ticket: Ticket, event: ChatEvent): Ticket {
  const { body, at, by } = event;
  // What is said automatically neither asks nor answers.
  if (text(body["auto"])) return { ...ticket, last_at: at };
  if (isOutside(by)) {
    if (ticket.waiting_since !== null) return { ...ticket, last_at: at };
    return { ...ticket, last_at: at, waiting_since: at, silent_since: at };
  }
  if (agentOf(by) === undefined) return { ...ticket, last_at: at };
  const calm = ticket.flags.filter(
    (flag) => flag !== "overdue" && flag !== "attention",
  );
  if (body["hold"] === true && ticket.waiting_since !== null) {
    return { ...ticket, last_at: at, silent_since: at, flags: calm };
  }
  return { ...quiet(ticket), last_at: at };
}

function statusAfter(ticket: Ticket, body: ChatEvent["body"], at: number): Ticket {
  const to = text(body["to"]) === "snoozed" ? "snoozed" : "open";
  const { until: _, ...rest } = ticket;
  const until = number(body["until"]);
  if (to === "snoozed") {
    return until === undefined
      ? { ...rest, status: to }
      : { ...rest, status: to, until };
  }
  // What the snooze took is not held against us; for how long that was the row tells.
  const silent = ticket.silent_since === undefined ? {} : { silent_since: at };
  return { ...rest, ...silent, status: to };
}

function quiet(ticket: Ticket): Ticket {
  const { silent_since: _, ...rest } = ticket;
  const flags = ticket.flags.filter(
    (flag) => flag !== "overdue" && flag !== "attention",
  );
  return { ...rest, waiting_since: null, flags };
}

function isShown(event: ChatEvent): boolean {
  return !SILENT.has(event.kind);
}

function received(receipts: Receipts, event: ChatEvent): Receipts {
  if (event.kind !== "read" && event.kind !== "got") return receipts;
  const upto = number(event.body["upto"]) ?? 0;
  if (!isOutside(text(event.body["who"]) || event.by)) return receipts;
  const got = Math.max(receipts.got, upto);
  if (event.kind === "got" || upto <= receipts.read) return { ...receipts, got };
  return { got, read: upto, readAt: event.at };
}

function rated(thread: Thread, events: readonly ChatEvent[]): { rating?: number } {
  const score = events.findLast((event) => event.kind === "rated")?.body["score"];
  const rating = number(score) ?? thread.rating;
  return rating === undefined ? {} : { rating };
}
