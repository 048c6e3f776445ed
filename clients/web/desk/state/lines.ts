/**
 * What a thread shows: a line for each day, message, note and happening.
 *
 * Messages of one author within a few minutes are one group: the name stands above the
 * first of them, time and receipt under the last. A line of its own is kept for as long
 * as what it says is the same, so that nothing is drawn twice.
 */

import { type ChatEvent, agentOf, isOutside, text } from "./ticket";

export type Side = "them" | "us" | "me";

export interface Bubble {
  key: string;
  type: "bubble";
  event: ChatEvent;
  side: Side;
  first: boolean;
  last: boolean;
}

export type Line =
  | { key: string; type: "day"; at: number }
  | { key: string; type: "note"; event: ChatEvent }
  | { key: string; type: "system"; event: ChatEvent }
  | Bubble;

/** Messages further apart than this stand for themselves. */
const TOGETHER = 5 * 60_000;

export function linesOf(
  events: readonly ChatEvent[],
  me: string,
  dayOf: (at: number) => string,
  known: readonly Line[] = [],
): readonly Line[] {
  const begun = startOf(events, known);
  const lines: Line[] = begun.lines;
  let day = begun.day === undefined ? "" : dayOf(begun.day);
  for (let at = begun.next; at < events.length; at += 1) {
    const event = events[at];
    if (!event) break;
    const today = dayOf(event.at);
    if (today !== day) {
      lines.push({ key: `day-${event.seq}`, type: "day", at: event.at });
      day = today;
    }
    lines.push(lineOf(event, events[at - 1], events[at + 1], me, dayOf));
  }
  return lines;
}

/**
 * Returns what of `known` still stands, and which event comes next.
 *
 * A thread mostly grows at its end: then all but the last group is as it was.
 */
function startOf(
  events: readonly ChatEvent[],
  known: readonly Line[],
): { lines: Line[]; next: number; day?: number } {
  const nothing = { lines: [], next: 0 };
  // The last line may turn out not to be the end of its group.
  let kept = known.length - 1;
  while (kept > 0 && known[kept - 1]?.type === "day") kept -= 1;
  const lines = known.slice(0, kept);
  let shown = 0;
  let day: number | undefined;
  for (const line of lines) {
    if (line.type === "day") continue;
    if (line.event !== events[shown]) return nothing;
    day = line.event.at;
    shown += 1;
  }
  return day === undefined ? nothing : { lines, next: shown, day };
}

function lineOf(
  event: ChatEvent,
  before: ChatEvent | undefined,
  after: ChatEvent | undefined,
  me: string,
  dayOf: (at: number) => string,
): Line {
  const key = String(event.seq);
  if (event.kind === "note") return { key, type: "note", event };
  if (event.kind !== "msg") return { key, type: "system", event };
  return {
    key,
    type: "bubble",
    event,
    side: sideOf(event.by, me),
    first: !before || !together(before, event, dayOf),
    last: !after || !together(event, after, dayOf),
  };
}

export function sideOf(by: string, me: string): Side {
  if (isOutside(by)) return "them";
  return agentOf(by) === me ? "me" : "us";
}

function together(
  one: ChatEvent,
  other: ChatEvent,
  dayOf: (at: number) => string,
): boolean {
  return (
    one.kind === "msg" &&
    other.kind === "msg" &&
    one.by === other.by &&
    text(one.body["auto"]) === text(other.body["auto"]) &&
    other.at - one.at < TOGETHER &&
    dayOf(one.at) === dayOf(other.at)
  );
}
