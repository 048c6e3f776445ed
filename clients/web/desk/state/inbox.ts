/**
 * The list of tickets: one view of the broker's, kept up to date by its changes.
 *
 * Every change names the one sent before it. What does not fit is told, and the list is
 * asked for anew with `after`; what the broker answers stands above what was here.
 */

import type { Channel, Status, Ticket } from "./ticket";

export interface View {
  name: string;
  status: Status;
  channel?: Channel;
}

export interface Inbox {
  view: View;
  /** In the order of the list. */
  rows: readonly Ticket[];
  /** Number of the last change; nothing was opened before there is one. */
  ix?: number;
  /** Whether the broker has more than was loaded, and from where on. */
  cursor?: string;
  loading: boolean;
  /** Why it cannot be had, if that is so. */
  failed?: string;
}

export interface Opened {
  ix: number;
  rows: readonly Ticket[];
  badge: number;
  more: boolean;
  full: boolean;
  cursor?: string;
}

export interface Change {
  ix: number;
  iprev: number;
  row?: Ticket;
  gone?: string;
}

export function emptyInbox(view: View): Inbox {
  return { view, rows: [], loading: true };
}

/** Returns whether two views are the same list. */
export function sameView(one: View, other: View): boolean {
  return (
    one.name === other.name &&
    one.status === other.status &&
    one.channel === other.channel
  );
}

/** Takes the answer to `inbox.open`; `page`: it is what comes behind the rows there are. */
export function opened(inbox: Inbox, answer: Opened, page = false): Inbox {
  const rows =
    answer.full && !page
      ? [...answer.rows].toSorted(inOrder(inbox.view.status))
      : merged(inbox, answer.rows);
  const next: Inbox = { view: inbox.view, rows, ix: answer.ix, loading: false };
  const cursor = answer.full || page ? answer.cursor : inbox.cursor;
  return cursor === undefined ? next : { ...next, cursor };
}

/** Takes a change; `undefined` if one before it is missing: ask again with `after`. */
export function changed(inbox: Inbox, change: Change): Inbox | undefined {
  if (inbox.ix === undefined || change.ix <= inbox.ix) return inbox;
  if (change.iprev !== inbox.ix) return undefined;
  if (change.row) return { ...put(inbox, change.row), ix: change.ix };
  return { ...without(inbox, change.gone ?? ""), ix: change.ix };
}

/** Returns the inbox with `row` in its place. */
export function put(inbox: Inbox, row: Ticket): Inbox {
  const before = inOrder(inbox.view.status);
  const at = inbox.rows.findIndex((each) => each.chat === row.chat);
  const old = inbox.rows[at];
  if (old && before(old, row) === 0)
    return { ...inbox, rows: inbox.rows.with(at, row) };
  const rows = at < 0 ? [...inbox.rows] : inbox.rows.toSpliced(at, 1);
  rows.splice(place(rows, row, before), 0, row);
  return { ...inbox, rows };
}

export function without(inbox: Inbox, chat: string): Inbox {
  const rows = inbox.rows.filter((row) => row.chat !== chat);
  return rows.length === inbox.rows.length ? inbox : { ...inbox, rows };
}

/** Returns the row beside `chat` in the list, or the nearest end of it. */
export function beside(
  rows: readonly Ticket[],
  chat: string | undefined,
  step: 1 | -1,
): Ticket | undefined {
  const at = rows.findIndex((row) => row.chat === chat);
  if (at < 0) return step > 0 ? rows[0] : rows.at(-1);
  return rows[Math.min(rows.length - 1, Math.max(0, at + step))];
}

/** How the broker orders a list: who waits longest first; of the closed the newest. */
export function inOrder(status: Status): (one: Ticket, other: Ticket) => number {
  return status === "closed" ? byEnd : byWait;
}

function byWait(one: Ticket, other: Ticket): number {
  const waits =
    Number(one.waiting_since === null) - Number(other.waiting_since === null);
  if (waits !== 0) return waits;
  const since =
    (one.waiting_since ?? one.last_at) - (other.waiting_since ?? other.last_at);
  return since || byId(one, other);
}

function byEnd(one: Ticket, other: Ticket): number {
  return other.last_at - one.last_at || byId(other, one);
}

function byId(one: Ticket, other: Ticket): number {
  if (one.chat === other.chat) return 0;
  return one.chat < other.chat ? -1 : 1;
}

function place(
  rows: readonly Ticket[],
  row: Ticket,
  before: (one: Ticket, other: Ticket) => number,
): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = rows[middle];
    if (other && before(other, row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function merged(inbox: Inbox, rows: readonly Ticket[]): readonly Ticket[] {
  if (rows.length === 0) return inbox.rows;
  const known = new Map(inbox.rows.map((row) => [row.chat, row]));
  for (const row of rows) known.set(row.chat, row);
  return [...known.values()].toSorted(inOrder(inbox.view.status));
}
