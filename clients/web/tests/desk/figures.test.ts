import { describe, expect, test } from "vitest";
import { byDay, byHour, labelled, of } from "../../desk/reports/figures";

const row = (hour: string, chats: number) => ({ hour, chats, closed: 0 });
const ROWS = [row("2026-03-28T09:00", 2), row("2026-03-30T09:00", 3)];

describe("chats", () => {
  test("of all days come together in the hours of one", () => {
    const bars = byHour(ROWS);
    expect([bars.length, bars[9], bars[10]?.value]).toEqual([
      24,
      { label: "09", value: 5 },
      0,
    ]);
  });

  test("are counted on each day, over the night in which the clock changes", () => {
    const [since, until] = [Date.UTC(2026, 2, 28, 8), Date.UTC(2026, 2, 30, 12)];
    const days = byDay(ROWS, since, until, "Europe/Warsaw");
    expect(days.map(({ label, value }) => [label, value])).toEqual([
      ["2026-03-28", 2],
      ["2026-03-29", 0],
      ["2026-03-30", 3],
    ]);
  });
});

test("agents come with the busiest first", () => {
  const agents = [1, 3, 2].map((n) => ({ scope: "agent" as const, who: `${n}`, n }));
  const total = { scope: "total" as const, who: null, n: 6 };
  const found = of([total, ...agents], "agent", (each) => each.n);
  expect(found.map((each) => each.who)).toEqual(["3", "2", "1"]);
});

test("no more labels are shown than fit", () => {
  const bars = Array.from({ length: 24 }, (_, at) => ({ label: `${at}`, value: 1 }));
  expect(labelled(bars, 12).filter(Boolean)).toHaveLength(12);
  expect(labelled(bars.slice(0, 3), 12)).toEqual([true, true, true]);
});
