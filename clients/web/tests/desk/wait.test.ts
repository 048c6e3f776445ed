import { describe, expect, test } from "vitest";
import { chip, mostUrgent, waitOf } from "../../desk/state/wait";
import { ticket } from "./tickets";

const PATIENCE = { enabled: true, remind_s: 180, breach_s: 300, text: "" };
const waits = (silent: number, more = {}) =>
  ticket("c", { waiting_since: 0, silent_since: silent, ...more });
const shown = (row: ReturnType<typeof ticket>, now: number) => {
  const wait = waitOf(row, PATIENCE, now);
  return wait && `${wait.urgency} ${chip(wait)}`;
};

describe("the chip of a shopper who waits", () => {
  test.each([
    [0, "calm 3:00"],
    [1, "calm 3:00"],
    [50_000, "calm 2:10"],
    [179_001, "calm 0:01"],
    [180_000, "due 2:00"],
    [299_999, "due 0:01"],
    [300_000, "overdue +0:00"],
    [365_000, "overdue +1:05"],
    [300_000 + 7_200_000, "overdue +2 h"],
    [300_000 + 3 * 86_400_000, "overdue +3 d"],
  ])("after %i ms of silence is %s", (now, expected) => {
    expect(shown(waits(0), now)).toBe(expected);
  });

  test("counts from the last word of ours, not from the question", () => {
    expect(shown(waits(100_000), 150_000)).toBe("calm 2:10");
    expect(waitOf(waits(100_000), PATIENCE, 150_000)?.waited).toBe(150_000);
  });

  test("is red as soon as the broker says so, whatever our clock says", () => {
    expect(shown(waits(0, { flags: ["overdue"] }), 1000)).toBe("overdue +0:00");
  });

  test("is not there where nobody waits for us", () => {
    expect(shown(ticket("c"), 9)).toBeUndefined();
    expect(shown(waits(0, { status: "snoozed" }), 9)).toBeUndefined();
    expect(shown(waits(0, { control: "bot" }), 9)).toBeUndefined();
    expect(waitOf(waits(0), { ...PATIENCE, enabled: false }, 9)).toBeUndefined();
  });

  test("of all says the least patient of mine and nobody's", () => {
    const rows = [
      ticket("a", { waiting_since: 5, silent_since: 5, assignee: "ben" }),
      ticket("b", { waiting_since: 1, silent_since: 50, assignee: "ann" }),
      ticket("c", { waiting_since: 30, silent_since: 30 }),
    ];
    expect(mostUrgent(rows, "ann", PATIENCE, 100)?.row.chat).toBe("c");
    expect(mostUrgent([], "ann", PATIENCE, 100)).toBeUndefined();
  });
});
