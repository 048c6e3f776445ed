import { expect, test } from "vitest";
import { chosenLanguage, Speech, type Plural } from "../../shared/i18n/i18n";
import { ar } from "../../widget/i18n/ar";
import { de } from "../../widget/i18n/de";
import { en } from "../../widget/i18n/en";
import { pl } from "../../widget/i18n/pl";

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

test("Polish counts in three forms", () => {
  const speech = new Speech("pl", pl, en);
  const said = [1, 2, 5, 12, 22].map((n) => speech.say("newMessages", { n }));
  expect(said).toEqual([
    "1 nowa wiadomość",
    "2 nowe wiadomości",
    "5 nowych wiadomości",
    "12 nowych wiadomości",
    "22 nowe wiadomości",
  ]);
});

test("Arabic goes from right to left, and has a dual", () => {
  const speech = new Speech("ar", ar, en);
  expect(speech.dir).toBe("rtl");
  expect(speech.say("newMessages", { n: 2 })).toBe("رسالتان جديدتان");
});

test.each(Object.entries({ ar, de, pl }))(
  "%s has what English has",
  (locale, words) => {
    expect(Object.keys(words).toSorted()).toEqual(Object.keys(en).toSorted());
    const forms = new Set(
      [...Array(200).keys(), 1.5].map((n) => new Intl.PluralRules(locale).select(n)),
    );
    const names = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();
    for (const [key, text] of Object.entries(
      words as Record<string, string | Plural>,
    )) {
      const english = (en as Record<string, string | Plural>)[key];
      if (typeof text === "string") {
        expect(names(text), key).toEqual(names(String(english)));
      } else {
        // Every number has words: its own form, or the one for all others.
        for (const form of forms) expect(text[form] ?? text.other, key).toBeTruthy();
      }
    }
  },
);

test("what is put in is put in once, and never read as a text of ours", () => {
  const speech = new Speech("en", en);
  expect(speech.say("says", { name: "{text}", text: "$& {name}" })).toBe(
    "{text}: $& {name}",
  );
});

test("days and moments are said as people say them", () => {
  const speech = new Speech("en", en, en, "en-GB");
  expect(speech.day(NOW, NOW)).toBe("Today");
  expect(speech.day(NOW - 24 * HOUR, NOW)).toBe("Yesterday");
  expect(speech.day(NOW - 72 * HOUR, NOW)).toBe("Thursday 19 November");
  expect(speech.moment(NOW + 24 * HOUR, NOW)).toMatch(/^tomorrow \d+:00$/);
});

test.each([
  [["pl-PL", "en"], "pl"],
  [[undefined, "", "de_AT"], "de"],
  [["xx", "fr-FR"], "en"],
])("of %j %s is spoken", (wanted, language) => {
  expect(chosenLanguage(wanted, ["en", "pl", "de", "ar"])).toBe(language);
});
