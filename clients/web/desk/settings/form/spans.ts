/** Spans of time, as people say them. */

import { t } from "../../words/words";
import type { Unit } from "./schema";

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
] as const;

/** Returns a span in its two largest units, `1 h 30 min`; nothing where it says the same. */
export function inSpan(amount: number, unit: Unit): string {
  const seconds = unit === "min" ? amount * 60 : amount;
  if (seconds < 60 || (unit === "min" && seconds < 3600)) return "";
  return `= ${spanned(seconds)}`;
}

/** Returns seconds in the two largest units that there are. */
export function spanned(seconds: number): string {
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${t(`unit_${name}`)}`);
  }
  if (left > 0 || parts.length === 0) parts.push(`${left} ${t("unit_s")}`);
  return parts.slice(0, 2).join(" ");
}
