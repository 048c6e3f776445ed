/** A thread as it is looked at: days, groups of bubbles, and what happened in between. */

import type { Bodies, Event, Millis, Person, Seq } from "../protocol/frames";
import { reach, type Pending, type Thread } from "./thread";

/** How far a message of our own has come. */
export type Tick = "sending" | "failed" | "sent" | "delivered" | "seen";

export interface Bubble {
  /** Stays the same from being typed to being seen. */
  key: string;
  seq: Seq;
  at: Millis;
  text: string;
  blobs: readonly string[];
  auto: string | undefined;
  /** Of our own alone. */
  tick: Tick | undefined;
  /** If it failed, why. */
  failed: string | undefined;
}

export interface Group {
  type: "group";
  key: string;
  by: Person;
  own: boolean;
  /** A note to colleagues, in a desk. */
  note: boolean;
  at: Millis;
  bubbles: Bubble[];
}

export type Item =
  | { type: "day"; key: string; at: Millis }
  | Group
  /** Something else than a message: the reader decides what to say of it. */
  | { type: "event"; key: string; event: Event };

export interface Looking {
  /** Who looks. */
  who: Person;
  /** Whose receipts the ticks of own messages stand for. */
  others: (person: Person) => boolean;
  /** Which bubbles are on the right-hand side; by default one's own. */
  own?: (person: Person) => boolean;
  /** Returns a name for the day of a moment, the same for all of that day. */
  dayOf: (at: Millis) => string;
}

/** Bubbles within as long stand together. */
const TOGETHER_MS = 60_000;

/** Returns what there is to show of `thread`, the oldest first. */
export function view(thread: Thread, looking: Looking): Item[] {
  const items: Item[] = [];
  const far = reach(thread, looking.others);
  const own = looking.own ?? ((person) => person === looking.who);
  let day = "";
  const onDay = (at: Millis): void => {
    const named = looking.dayOf(at);
    if (named !== day) items.push({ type: "day", key: `day ${named}`, at });
    day = named;
  };
  for (const event of thread.events) {
    onDay(event.at);
    if (event.kind === "msg" || event.kind === "note") {
      const mine = own(event.by);
      const tick = mine && event.kind === "msg" ? tickOf(event.seq, far) : undefined;
      put(items, event.by, mine, event.kind === "note", bubbleOf(event, tick));
    } else {
      items.push({ type: "event", key: `e${event.seq}`, event });
    }
  }
  for (const pending of thread.pending) {
    onDay(pending.at);
    put(items, looking.who, true, false, pendingBubble(pending));
  }
  return items;
}

function tickOf(seq: Seq, far: { got: Seq; read: Seq }): Tick {
  if (far.read >= seq) return "seen";
  return far.got >= seq ? "delivered" : "sent";
}

/** Puts a bubble into the last group, if it belongs there, or into one of its own. */
function put(
  items: Item[],
  by: Person,
  own: boolean,
  note: boolean,
  bubble: Bubble,
): void {
  const last = items.at(-1);
  const before = last?.type === "group" ? last.bubbles.at(-1) : undefined;
  const together =
    last?.type === "group" &&
    before !== undefined &&
    last.by === by &&
    last.note === note &&
    bubble.at - before.at < TOGETHER_MS &&
    (before.auto === "bot") === (bubble.auto === "bot");
  if (together) last.bubbles.push(bubble);
  else {
    const { key, at } = bubble;
    items.push({ type: "group", key: `g${key}`, by, own, note, at, bubbles: [bubble] });
  }
}

function bubbleOf(event: Event, tick: Tick | undefined): Bubble {
  const { text, blobs, auto } = event.body as Partial<Bodies["msg"]>;
  return {
    key: `${event.seq}`,
    seq: event.seq,
    at: event.at,
    text: text ?? "",
    blobs: blobs ?? [],
    auto,
    tick,
    failed: undefined,
  };
}

function pendingBubble({ id, text, blobs, at, failed }: Pending): Bubble {
  const tick = failed === undefined ? "sending" : "failed";
  return { key: id, seq: 0, at, text, blobs, auto: undefined, tick, failed };
}
