import { expect, test } from "vitest";
import type { Event, Fields } from "../../shared/protocol/frames";
import { onlyEmoji, pieces } from "../../shared/thread/links";
import {
  applied,
  EMPTY,
  failed,
  reach,
  sending,
  settled,
  unread,
  type Thread,
} from "../../shared/thread/thread";
import { view, type Group, type Item } from "../../shared/thread/view";

const ME = "shopper:me";
const ANNA = "agent:anna";

function thread(
  ...events: [by: string, kind: string, body: Fields, at?: number][]
): Thread {
  return events.reduce(
    (before, [by, kind, body, at], place) =>
      applied(before, {
        ...{ chat: "c", seq: place + 1, prev: place, at: at ?? place, by, kind, body },
      } satisfies Event),
    EMPTY,
  );
}

function seen(of: Thread): Item[] {
  const others = (person: string): boolean => person.startsWith("agent:");
  const dayOf = (at: number): string => String(Math.floor(at / 86_400_000));
  return view(of, { who: ME, others, dayOf });
}

function groups(of: Thread): Group[] {
  return seen(of).flatMap((item) => (item.type === "group" ? [item] : []));
}

test("bubbles of one author within a minute stand together", () => {
  const said = thread(
    [ME, "msg", { text: "a" }, 0],
    [ME, "msg", { text: "b" }, 59_000],
    [ME, "msg", { text: "c" }, 130_000],
    [ANNA, "msg", { text: "d" }, 130_500],
  );
  expect(groups(said).map(({ bubbles }) => bubbles.map(({ text }) => text))).toEqual([
    ["a", "b"],
    ["c"],
    ["d"],
  ]);
});

test("an erased chat has nothing left to show but that", () => {
  const said = thread([ME, "msg", { text: "Elm Street" }], ["system", "erased", {}]);
  expect(said.events.map(({ kind }) => kind)).toEqual(["erased"]);
  expect(said.closed?.reason).toBe("erased");
});

test("each day begins with a line, the first one too", () => {
  const said = thread(
    [ME, "msg", { text: "a" }, 0],
    [ME, "msg", { text: "b" }, 86_400_000],
  );
  expect(seen(said).map(({ type }) => type)).toEqual(["day", "group", "day", "group"]);
});

test("a tick says how far the other side has come, and nobody else", () => {
  const said = thread(
    [ME, "msg", { text: "a" }],
    [ME, "msg", { text: "b" }],
    [ME, "msg", { text: "c" }],
    [ANNA, "read", { who: ANNA, upto: 1 }],
    [ANNA, "got", { who: ANNA, upto: 2 }],
    [ME, "read", { who: ME, upto: 3 }],
  );
  const ticks = groups(said).flatMap(({ bubbles }) => bubbles.map(({ tick }) => tick));
  expect(ticks).toEqual(["seen", "delivered", "sent"]);
  expect(reach(said, (person) => person === ANNA)).toEqual({
    got: 2,
    read: 1,
    readAt: 3,
  });
});

test("cursors only move forward", () => {
  const said = thread(
    [ANNA, "read", { who: ANNA, upto: 5 }],
    [ANNA, "got", { who: ANNA, upto: 3 }],
    [ANNA, "read", { who: ANNA, upto: 4 }],
  );
  expect(said.cursors[ANNA]).toEqual({ got: 5, read: 5, readAt: 0 });
});

test("a pending message is the last, is refused, and goes", () => {
  const begun = thread([ANNA, "msg", { text: "hi" }]);
  const out = { id: "i", text: "mine", blobs: [], at: 5 };
  const pending = sending(begun, out);
  expect(groups(pending).at(-1)?.bubbles[0]?.tick).toBe("sending");
  const refused = failed(pending, "i", "chat_closed");
  expect(groups(refused).at(-1)?.bubbles[0]).toMatchObject({
    tick: "failed",
    failed: "chat_closed",
  });
  // Trying again keeps its place in line, and forgets why it failed.
  expect(sending(refused, out).pending).toEqual([out]);
  expect(groups(settled(refused, "i"))).toHaveLength(1);
});

test("what the shop said after one has read waits, its welcome does not", () => {
  const said = thread(
    ["system", "msg", { text: "welcome", auto: "welcome" }],
    [ME, "msg", { text: "a" }],
    [ANNA, "msg", { text: "b" }],
    ["bot", "msg", { text: "c", auto: "bot" }],
  );
  expect([0, 3, 4].map((read) => unread(said, read))).toEqual([2, 1, 0]);
});

test("a closed chat says why, and how it was", () => {
  const said = thread(
    [ANNA, "closed", { reason: "agent" }, 7],
    [ME, "rated", { score: 4 }],
  );
  expect(said).toMatchObject({
    closedAt: 7,
    closed: { reason: "agent" },
    rated: { score: 4 },
  });
});

test.each([
  ["see https://x.test/a_(b), please.", ["https://x.test/a_(b"]],
  ["mail me@x.test!", ["mailto:me@x.test"]],
  ["javascript:alert(1) data:text/html,x", []],
  ['<a href="https://x.test">', ["https://x.test"]],
  ["", []],
])("links in %j", (text, links) => {
  const found = pieces(text);
  expect(found.map((piece) => piece.text).join("")).toBe(text);
  expect(found.flatMap(({ href }) => href ?? [])).toEqual(links);
});

test.each([
  ["🎉", true],
  ["👩‍👩‍👧 🇵🇱 ❤️", true],
  ["🎉🎉🎉🎉", false],
  ["12", false],
  ["a🎉", false],
  [" ", false],
])("only emoji: %j", (text, only) => expect(onlyEmoji(text)).toBe(only));
