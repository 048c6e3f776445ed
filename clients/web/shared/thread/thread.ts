/**
 * A chat as it is known so far: a fold over its events, and what is still on its way out.
 * Pure: the same events give the same thread.
 */

import type { Bodies, ChatId, Event, Millis, Person, Seq } from "../protocol/frames";

/** Up to where somebody has received and seen, and since when. */
export interface Cursor {
  got: Seq;
  read: Seq;
  readAt: Millis;
}

/** A message that is not in the chat yet. */
export interface Pending {
  /** The id of its request: the same however often it is tried. */
  id: string;
  text: string;
  blobs: readonly string[];
  /** By our own clock. */
  at: Millis;
  /** Why it was refused for good; without it, it is on its way. */
  failed?: string;
}

export interface Thread {
  chat: ChatId | undefined;
  /** What was visible to us, in order. Receipts are in `cursors` alone. */
  events: readonly Event[];
  pending: readonly Pending[];
  cursors: Readonly<Record<Person, Cursor>>;
  /** Whether all that was missed has come. */
  live: boolean;
  closed: Bodies["closed"] | undefined;
  closedAt: Millis;
  rated: Bodies["rated"] | undefined;
  /** The newest state of a hand-off. */
  handoff: Bodies["handoff"] | undefined;
  erased: boolean;
}

export const EMPTY: Thread = {
  chat: undefined,
  events: [],
  pending: [],
  cursors: {},
  live: false,
  closed: undefined,
  closedAt: 0,
  rated: undefined,
  handoff: undefined,
  erased: false,
};

/** Returns `thread` after `event`, which follows what is in it. */
export function applied(thread: Thread, event: Event): Thread {
  const { kind, chat } = event;
  switch (kind) {
    case "read":
    case "got":
      return { ...thread, chat, cursors: moved(thread.cursors, event) };
    case "closed": {
      const closed = event.body as unknown as Bodies["closed"];
      return { ...added(thread, event), closed, closedAt: event.at };
    }
    case "rated":
      return { ...added(thread, event), rated: event.body as Bodies["rated"] };
    case "handoff":
      return {
        ...added(thread, event),
        handoff: event.body as unknown as Bodies["handoff"],
      };
    case "erased": {
      // Its words are gone everywhere else, too.
      const closed = { reason: "erased" } as const;
      const { live } = thread;
      return { ...added(EMPTY, event), live, closed, closedAt: event.at, erased: true };
    }
    default:
      return added(thread, event);
  }
}

function added(thread: Thread, event: Event): Thread {
  return { ...thread, chat: event.chat, events: [...thread.events, event] };
}

function moved(
  cursors: Thread["cursors"],
  { kind, body, at }: Event,
): Thread["cursors"] {
  const { who, upto } = body as unknown as Bodies["read"];
  const read = kind === "read" ? upto : 0;
  return advanced(cursors, who, { got: upto, read, at });
}

function advanced(
  cursors: Thread["cursors"],
  who: Person,
  { got, read, at }: { got: Seq; read: Seq; at: Millis },
): Thread["cursors"] {
  const before = cursors[who] ?? { got: 0, read: 0, readAt: 0 };
  const further = read > before.read;
  const cursor = {
    got: Math.max(before.got, got),
    read: further ? read : before.read,
    readAt: further ? at : before.readAt,
  };
  return { ...cursors, [who]: cursor };
}

/** Returns `thread` with a message on its way, or on its way again. */
export function sending(thread: Thread, pending: Pending): Thread {
  const others = thread.pending.filter(({ id }) => id !== pending.id);
  return { ...thread, pending: [...others, pending] };
}

/** Returns `thread` without the pending message `id`: it is in the chat now, or given up. */
export function settled(thread: Thread, id: string): Thread {
  return { ...thread, pending: thread.pending.filter((one) => one.id !== id) };
}

/** Returns `thread` with the pending message `id` refused for good. */
export function failed(thread: Thread, id: string, why: string): Thread {
  const pending = thread.pending.map((one) =>
    one.id === id ? { ...one, failed: why } : one,
  );
  return { ...thread, pending };
}

/** Returns how far others than `who` have come; `of` says whose cursors count. */
export function reach(
  thread: Thread,
  of: (person: Person) => boolean,
): { got: Seq; read: Seq; readAt: Millis } {
  let got = 0;
  let read = 0;
  let readAt = 0;
  for (const [person, cursor] of Object.entries(thread.cursors)) {
    if (!of(person)) continue;
    got = Math.max(got, cursor.got);
    if (cursor.read > read) ({ read, readAt } = cursor);
  }
  return { got, read, readAt };
}

/** Returns the seq of the last event of the chat that we have, 0 if there is none. */
export function head(thread: Thread): Seq {
  return thread.events.at(-1)?.seq ?? 0;
}

/** Returns whether `person` speaks for the shop. */
export function staff(person: Person): boolean {
  return person.startsWith("agent:") || person === "bot" || person === "system";
}

/** Returns how many messages of the shop came after `read`, a seq. */
export function unread(thread: Thread, read: Seq): number {
  return thread.events.filter(
    ({ kind, by, seq, body }) =>
      kind === "msg" && staff(by) && seq > read && body["auto"] !== "welcome",
  ).length;
}
