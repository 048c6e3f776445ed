/** In which language the widget speaks. */

import type { Later } from "../shared/chunk";
import { chosenLanguage, Speech, type Plural } from "../shared/i18n/i18n";
import { en } from "./i18n/en";

export type Key = keyof typeof en;

/** A whole catalogue: what has plural forms in English has them everywhere. */
export type Words = {
  readonly [K in Key]: (typeof en)[K] extends string ? string : Plural;
};

export const LANGUAGES = ["en", "pl", "de", "ar"];

export type Say = Speech<Key>;

/** What is spoken until the catalogue has come, and if it does not. */
export const ENGLISH: Say = new Speech<Key>("en", en);

/** Returns the speech in the first of `wanted` that there is. */
export async function speechIn(
  wanted: readonly (string | undefined)[],
  later: Later,
): Promise<Say> {
  const language = chosenLanguage(wanted, LANGUAGES);
  const region =
    navigator.languages.find((one) => one.startsWith(language)) ?? language;
  const words = language === "en" ? en : await later.load<Words>(language);
  return new Speech<Key>(language, words, en, region);
}
