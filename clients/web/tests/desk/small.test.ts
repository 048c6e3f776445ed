import { describe, expect, test } from "vitest";
import { Drafts } from "../../desk/model/drafts";
import { Tokens } from "../../desk/model/tokens";
import { Offsets } from "../../desk/state/offsets";
import { hashOf, routeOf } from "../../desk/state/route";
import { fresh, signed, spoken } from "../../desk/state/signs";
import { inserted, matching, slashAt, variables } from "../../desk/state/slash";
import {
  NOTHING_DONE,
  UNDO_MS,
  closing,
  done,
  forgotten,
  newest,
  ripe,
} from "../../desk/state/undo";
import { reportsEn } from "../../desk/reports/words/en";
import { reportsPl } from "../../desk/reports/words/pl";
import { settingsEn } from "../../desk/settings/words/en";
import { settingsPl } from "../../desk/settings/words/pl";
import { careEn } from "../../desk/words/care-en";
import { carePl } from "../../desk/words/care-pl";
import { en } from "../../desk/words/en";
import { pl } from "../../desk/words/pl";

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
    clear: () => kept.clear(),
    key: () => null,
    length: 0,
  };
}

describe("what was done", () => {
  test("can be taken back for five seconds, the newest first", () => {
    let undo = done(NOTHING_DONE, { said: "Closed", chat: "a", held: true }, 0);
    undo = done(undo, { said: "Snoozed", chat: "b", held: false }, 1000);
    expect(newest(undo, 4999)?.chat).toBe("b");
    expect(ripe(undo, UNDO_MS).map((deed) => deed.chat)).toEqual(["a"]);
    expect([...closing(undo)]).toEqual(["a"]);
    expect(newest(forgotten(undo, 2), 4999)?.chat).toBe("a");
    expect(newest(undo, 6000)).toBeUndefined();
  });
});

describe("who types and views", () => {
  test("is forgotten by itself, and at once when they have spoken", () => {
    const typing = { by: "shopper:p", what: "typing", on: true };
    let signs = signed([], typing, 0);
    signs = signed(signs, { by: "agent:ben", what: "viewing", on: true }, 0);
    expect(signed(signs, typing, 10)).toHaveLength(2);
    expect(fresh(signs, 7000).map((sign) => sign.by)).toEqual(["agent:ben"]);
    expect(spoken(signs, "shopper:p")).toHaveLength(1);
    expect(spoken(signs, "agent:ben")).toHaveLength(2);
    expect(signed(signs, { ...typing, on: false }, 10)).toHaveLength(1);
  });
});

describe("a slash", () => {
  const macro = (id: string, more = {}) => ({ id, name: id, text: "", ...more });

  test.each([
    ["/", 1, ""],
    ["Hi /he", 6, "he"],
    ["/hello there", 3, "he"],
    ["and/or", 6, undefined],
    ["/hello ", 7, undefined],
    ["https://x", 9, undefined],
    ["", 0, undefined],
  ])("in %j at %i looks for %j", (value, caret, query) => {
    expect(slashAt(value, caret)?.query).toBe(query);
  });

  test("finds macros by what calls them, then by name, then by text", () => {
    const macros = [
      macro("late", { text: "we ship it" }),
      macro("x", { name: "Big ships" }),
      macro("shipping"),
      macro("none"),
    ];
    expect(matching(macros, "ship").map((each) => each.id)).toEqual([
      "shipping",
      "x",
      "late",
    ]);
  });

  test("is replaced by the text, the rest stays", () => {
    const slash = { start: 3, query: "he" };
    expect(inserted("Hi /he there", slash, 6, "Hello")).toEqual({
      value: "Hi Hello there",
      caret: 8,
    });
  });

  test("macros are shown with their variables apart", () => {
    expect(variables("Hi {{name|you}}!")).toEqual(["Hi ", "name|you", "!"]);
  });
});

describe("the address", () => {
  test.each([
    ["", { page: "inbox", view: { name: "all", status: "open" } }],
    ["#/mine/open", { page: "inbox", view: { name: "mine", status: "open" } }],
    [
      "#/team:eu/snoozed/06H",
      { page: "inbox", view: { name: "team:eu", status: "snoozed" }, chat: "06H" },
    ],
    ["#/settings/hours", { page: "settings", topic: "hours" }],
    ["#/reports", { page: "reports" }],
  ] as const)("%s is a place, and back", (hash, route) => {
    expect(routeOf(hash)).toEqual(route);
    expect(routeOf(hashOf(route))).toEqual(route);
  });

  test("that makes no sense is the list", () => {
    for (const hash of ["#/x", "#/all/gone", "#/%E0%A4%A", "#token=x"]) {
      expect(routeOf(hash)).toMatchObject({ page: "inbox", view: { status: "open" } });
    }
  });
});

describe("a token in the address", () => {
  test("is taken out at once, and kept for this tab alone", () => {
    const kept = storage();
    let address = "";
    const place = { hash: "#token=abc", pathname: "/desk/", search: "" };
    const tokens = new Tokens(kept, place, (now) => (address = now));
    expect([tokens.get(), address]).toEqual(["abc", "/desk/"]);
    const again = { ...place, hash: "#/mine/open" };
    expect(new Tokens(kept, again, () => undefined).get()).toBe("abc");
    tokens.forget();
    expect(new Tokens(kept, again, () => undefined).get()).toBeUndefined();
  });
});

describe("drafts", () => {
  test("outlive a reload, a hundred of them, the newest", () => {
    const kept = storage();
    const drafts = new Drafts(kept);
    for (let at = 0; at < 120; at += 1) {
      drafts.put(`c${at}`, { text: `text ${at}`, note: false });
    }
    drafts.put("c119", { text: "", note: false });
    const again = new Drafts(kept);
    expect(again.get("c118").text).toBe("text 118");
    expect([again.has("c0"), again.has("c119")]).toEqual([false, false]);
    again.clear();
    expect(new Drafts(kept).has("c118")).toBe(false);
  });

  test("that make no sense are none", () => {
    const kept = storage();
    kept.setItem("shopwire.desk.drafts", '{"a":{"text":7}}');
    expect(new Drafts(kept).has("a")).toBe(false);
    kept.setItem("shopwire.desk.drafts", "[");
    expect(new Drafts(kept).has("a")).toBe(false);
  });
});

describe("offsets of a long list", () => {
  test("say what stands where", () => {
    const offsets = new Offsets(3, (at) => [10, 20, 30][at] ?? 0);
    expect([offsets.before(0), offsets.before(2), offsets.total]).toEqual([0, 30, 60]);
    expect([-5, 0, 9, 10, 29, 30, 500].map((y) => offsets.at(y))).toEqual([
      0, 0, 0, 1, 1, 2, 2,
    ]);
    expect(new Offsets(0, () => 1).at(3)).toBe(0);
  });
});

describe("the catalogues", () => {
  const words = (text: unknown): string[] =>
    typeof text === "string"
      ? (text.match(/\{\w+\}/gu) ?? []).toSorted()
      : words((text as { other: string }).other);

  test("say the same, with the same values in it", () => {
    const keys = Object.keys(en) as (keyof typeof en)[];
    const wrong = keys.filter((key) => {
      const known = words(en[key]);
      const strange = words(pl[key]).some((word) => !known.includes(word));
      return strange || typeof pl[key] !== typeof en[key];
    });
    expect(wrong).toEqual([]);
  });

  test("are of parts that take no word from each other", () => {
    for (const part of [reportsEn, settingsEn, careEn]) expect(en).toMatchObject(part);
    for (const part of [reportsPl, settingsPl, carePl]) expect(pl).toMatchObject(part);
  });
});
