/**
 * How long a shopper has heard nothing, and what there is left of their patience.
 *
 * One chip shows it in the row, in the head of the thread and in the tab's title: calm
 * until a check-in is due, amber until it is missed, red from then on.
 */

import type { Patience, Ticket } from "./ticket";

export type Urgency = "calm" | "due" | "overdue";

export interface Wait {
  urgency: Urgency;
  /** Until the next mark; once it is missed, since then. */
  ms: number;
  /** For how long the shopper has waited for an answer. */
  waited: number;
}

type Waiting = Pick<
  Ticket,
  "status" | "control" | "waiting_since" | "silent_since" | "flags"
>;

/** Returns how a shopper's wait stands at `now`, or nothing if nobody waits for us. */
export function waitOf(
  row: Waiting,
  patience: Patience,
  now: number,
): Wait | undefined {
  if (row.waiting_since === null || row.status !== "open") return undefined;
  if (row.control !== "humans" || !patience.enabled) return undefined;
  const silent = now - (row.silent_since ?? row.waiting_since);
  const waited = Math.max(0, now - row.waiting_since);
  const breach = patience.breach_s * 1000 - silent;
  const remind = patience.remind_s * 1000 - silent;
  // The broker counts open hours alone: its word stands above our clock.
  const missed = row.flags.includes("overdue");
  if (missed || breach <= 0) {
    return { urgency: "overdue", ms: Math.max(0, -breach), waited };
  }
  if (remind <= 0) return { urgency: "due", ms: breach, waited };
  return { urgency: "calm", ms: remind, waited };
}

/** Returns `2:10`, or `+0:40` once it is missed; hours from an hour on. */
export function chip(wait: Wait): string {
  // What is left is rounded up and what is over down: it never says 0:00 for longer.
  const whole = wait.urgency === "overdue" ? Math.floor : Math.ceil;
  const seconds = whole(wait.ms / 1000);
  const sign = wait.urgency === "overdue" ? "+" : "";
  if (seconds >= 86_400) return `${sign}${Math.floor(seconds / 86_400)} d`;
  if (seconds >= 3600) return `${sign}${Math.floor(seconds / 3600)} h`;
  const rest = String(seconds % 60).padStart(2, "0");
  return `${sign}${Math.floor(seconds / 60)}:${rest}`;
}

/** Returns the row that most needs a word of `agent`: of theirs, then of nobody's. */
export function mostUrgent(
  rows: readonly Ticket[],
  agent: string,
  patience: Patience,
  now: number,
): { row: Ticket; wait: Wait } | undefined {
  let found: { row: Ticket; wait: Wait } | undefined;
  let least = Infinity;
  for (const row of rows) {
    if (row.assignee !== null && row.assignee !== agent) continue;
    const wait = waitOf(row, patience, now);
    if (!wait) continue;
    const left = patience.breach_s * 1000 - now + (row.silent_since ?? now);
    if (left < least) {
      least = left;
      found = { row, wait };
    }
  }
  return found;
}
