/** What the desk says, in the person's language. */

import {
  type Catalogue,
  Speech,
  chosenLanguage,
  dayNumber,
} from "../../shared/i18n/i18n";
import { en } from "./en";
import { pl } from "./pl";

export type Language = "en" | "pl";
type Values = Record<string, string | number>;

/** Agents everywhere read 14:05; what else differs between kinds of English is not said. */
const SPEECHES: Record<Language, Speech> = {
  en: new Speech("en-GB", en),
  pl: new Speech("pl", pl, en),
};
const CATALOGUES: Record<Language, Catalogue> = { en, pl };

let language: Language = "en";
let formats = formatsOf("en-GB");

/** Returns the language to speak: what was chosen, or what the browser prefers. */
export function languageFor(
  chosen: "auto" | Language,
  preferred: readonly string[],
): Language {
  const wanted = chosen === "auto" ? preferred : [chosen];
  return chosenLanguage(wanted, ["en", "pl"]) as Language;
}

export function speak(next: Language): void {
  if (next !== language) formats = formatsOf(SPEECHES[next].locale);
  language = next;
  document.documentElement.lang = next;
}

export function spoken(): Language {
  return language;
}

/** Returns the text called `key`; `{name}` in it stands for a value, `n` for a number. */
export function t(key: string, values: Values = {}): string {
  const known = has(key) || !key.startsWith("error_");
  return SPEECHES[language].say(known ? key : "error", values);
}

/** Returns whether there is such a text. */
export function has(key: string): boolean {
  return key in CATALOGUES[language];
}

export function time(at: number): string {
  return SPEECHES[language].time(at);
}

export function date(at: number): string {
  return formats.date.format(at);
}

export function dateTime(at: number): string {
  return formats.dateTime.format(at);
}

/** Returns `Today`, `Yesterday`, or the day. */
export function day(at: number, now: number): string {
  return SPEECHES[language].day(at, now);
}

/** Returns what tells one local day from another. */
export function dayKey(at: number): string {
  return String(dayNumber(at));
}

/** Returns how long something takes, in the largest unit that fits: `4 min`. */
export function ago(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return t("now");
  if (minutes < 60) return t("minutes", { n: minutes });
  if (minutes < 24 * 60) return t("hours", { n: Math.floor(minutes / 60) });
  return t("days", { n: Math.floor(minutes / (24 * 60)) });
}

function formatsOf(locale: string) {
  const day = { day: "numeric", month: "short" } as const;
  return {
    date: new Intl.DateTimeFormat(locale, { ...day, year: "numeric" }),
    dateTime: new Intl.DateTimeFormat(locale, {
      ...day,
      hour: "2-digit",
      minute: "2-digit",
    }),
  };
}
