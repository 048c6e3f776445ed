/** Finding a macro while writing: `/` at the begin of a word, then a part of its name. */

import type { Macro } from "./ticket";

export interface Slash {
  /** Where the slash stands, and what was typed behind it. */
  start: number;
  query: string;
}

/** Returns what is being looked for at the caret, if anything is. */
export function slashAt(value: string, caret: number): Slash | undefined {
  const before = value.slice(0, caret);
  const start = before.lastIndexOf("/");
  if (start < 0 || (start > 0 && !/\s/u.test(before[start - 1] ?? "")))
    return undefined;
  const query = before.slice(start + 1);
  return /[\s/]/u.test(query) ? undefined : { start, query };
}

/** Returns the macros that fit, the best first. */
export function matching(macros: readonly Macro[], query: string): readonly Macro[] {
  const wanted = query.toLocaleLowerCase();
  return macros
    .map((macro) => ({ macro, rank: rank(macro, wanted) }))
    .filter((each) => each.rank >= 0)
    .toSorted((one, other) => one.rank - other.rank)
    .map((each) => each.macro);
}

/** Returns the text with the macro in the place of what was looked for. */
export function inserted(
  value: string,
  slash: Slash,
  caret: number,
  filling: string,
): { value: string; caret: number } {
  const head = value.slice(0, slash.start) + filling;
  return { value: head + value.slice(caret), caret: head.length };
}

/** Returns the text in parts; every second one is a variable. */
export function variables(template: string): readonly string[] {
  return template.split(/\{\{([^{}]+)\}\}/u);
}

function rank(macro: Macro, wanted: string): number {
  const shortcut = (macro.shortcut ?? macro.id).toLocaleLowerCase();
  const name = macro.name.toLocaleLowerCase();
  if (shortcut.startsWith(wanted)) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.split(/\s+/u).some((word) => word.startsWith(wanted))) return 2;
  if ((macro.category ?? "").toLocaleLowerCase().startsWith(wanted)) return 3;
  return macro.text.toLocaleLowerCase().includes(wanted) ? 4 : -1;
}
