/** What the reports' rows say, put together for the plots. */

export interface Scoped {
  scope: "total" | "team" | "agent";
  who: string | null;
}

export interface WaitRow extends Scoped {
  answer: "first" | "any";
  answered: number;
  unanswered: number;
  p50_s: number | null;
  p90_s: number | null;
  max_s: number | null;
}

export interface CheckInRow extends Scoped {
  holds: number;
  in_time: number;
  missed: number;
  in_time_pct: number | null;
  worst_gap_s: number;
}

export interface SlaRow extends Scoped {
  policy: string;
  measure: string;
  total: number;
  met: number;
  met_pct: number | null;
}

export interface VolumeRow {
  /** In the shop's own time, as `2026-11-22T14:00`. */
  hour: string;
  chats: number;
  closed: number;
}

export interface Bar {
  label: string;
  value: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Returns how many chats began in each hour of the day. */
export function byHour(rows: readonly VolumeRow[]): Bar[] {
  const bars = Array.from({ length: 24 }, (_, hour) => ({
    label: String(hour).padStart(2, "0"),
    value: 0,
  }));
  for (const row of rows) {
    const bar = bars[Number(row.hour.slice(11, 13))];
    if (bar) bar.value += row.chats;
  }
  return bars;
}

/** Returns how many chats began on each day from `since` to `until`, those without any too. */
export function byDay(
  rows: readonly VolumeRow[],
  since: number,
  until: number,
  zone: string,
): Bar[] {
  const dayOf = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
  const days = new Map<string, number>();
  // By halves of days: none is leapt over where a clock changes.
  for (let at = since; at < until; at += DAY / 2) days.set(dayOf.format(at), 0);
  days.set(dayOf.format(until - 1), 0);
  for (const row of rows) {
    const day = row.hour.slice(0, 10);
    days.set(day, (days.get(day) ?? 0) + row.chats);
  }
  return [...days].map(([label, value]) => ({ label, value }));
}

/** Returns the rows of all together, or of agents, the busiest first. */
export function of<R extends Scoped>(
  rows: readonly R[],
  scope: Scoped["scope"],
  weight: (row: R) => number = () => 0,
): R[] {
  return rows
    .filter((row) => row.scope === scope)
    .toSorted((one, other) => weight(other) - weight(one));
}

/** Returns which bars have their value written on them, so that no two meet. */
export function labelled(bars: readonly Bar[], most: number): boolean[] {
  if (bars.length <= most) return bars.map(() => true);
  const step = Math.ceil(bars.length / most);
  return bars.map((_, at) => at % step === 0);
}
