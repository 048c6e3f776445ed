import { describe, expect, test } from "vitest";
import { changes, merged } from "../../desk/settings/form/changes";
import { freshId, found, reordered } from "../../desk/settings/form/order";
import { parsed, valueAt, withValue, within } from "../../desk/settings/form/paths";

const item = (id: string, text = id) => ({ id, text });

describe("a path of the broker's", () => {
  test("is read with names and places", () => {
    const steps = ["settings", "sla", "policies", 1, "name"];
    expect(parsed("$.settings.sla.policies[1].name")).toEqual(steps);
    expect(parsed("$.settings.hours.weekly.mon[0][1]", 1)).toEqual([
      ...["hours", "weekly", "mon"],
      ...[0, 1],
    ]);
    expect(parsed("$")).toEqual([]);
  });

  test("leads to a value, and to another one, while the document stays as it was", () => {
    const before = { sla: { policies: [{ name: "a" }, { name: "b" }] }, other: {} };
    const path = ["sla", "policies", 1, "name"];
    const after = withValue(before, path, "c");
    expect([valueAt(before, path), valueAt(after, path)]).toEqual(["b", "c"]);
    expect(after.other).toBe(before.other);
    expect(valueAt(before, ["no", 3, "such"])).toBeUndefined();
    expect(within(path, ["sla"]) && !within(["sla"], path)).toBe(true);
  });
});

describe("what has changed", () => {
  test("is named by where it is", () => {
    const before = { chat: { enabled: true, welcome: "Hi" }, legal: { url: null } };
    const after = { chat: { enabled: true, welcome: "Hello" }, legal: { url: "x" } };
    expect(changes(before, after)).toEqual([
      { path: ["chat", "welcome"], before: "Hi", after: "Hello" },
      { path: ["legal", "url"], before: null, after: "x" },
    ]);
    expect(changes(after, after)).toEqual([]);
  });

  test("in a list is told by ids: new, different, gone and moved", () => {
    const before = [item("a"), item("b"), item("c")];
    const after = [item("c"), item("a", "A"), item("d")];
    const told = changes(before, after).map(({ path, moved }) => [
      path,
      moved ?? false,
    ]);
    expect(told).toEqual([
      [[1], false],
      [[2], false],
      [[1], false],
      [[], true],
    ]);
  });
});

describe("edits of two people", () => {
  test("come together, and mine stand where both have touched the same", () => {
    const base = { a: 1, b: 1, c: { d: 1, e: [1] } };
    const mine = { a: 2, b: 1, c: { d: 1, e: [1, 2] } };
    const theirs = { a: 3, b: 3, c: { d: 3, e: [1] } };
    expect(merged(base, mine, theirs)).toEqual({ a: 2, b: 3, c: { d: 3, e: [1, 2] } });
  });

  test("in a list neither bring back what was removed nor lose what was added", () => {
    const base = [item("a"), item("b"), item("c")];
    const mine = [item("c"), item("a", "mine"), item("mine")];
    const theirs = [item("a"), item("b"), item("theirs")];
    expect(merged(base, mine, theirs)).toEqual([
      item("a", "mine"),
      item("mine"),
      item("theirs"),
    ]);
  });

  test("that one of them has not made change nothing", () => {
    const [base, other] = [{ a: [item("x")] }, { a: [item("y")] }];
    expect(merged(base, base, other)).toBe(other);
    expect(merged(base, other, base)).toBe(other);
  });
});

describe("items of a list", () => {
  test("take another place", () => {
    expect(reordered(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(reordered(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  });

  test("get ids that nobody has", () => {
    expect(freshId([], "Łódź & co")).toBe("lodz-co");
    expect(freshId([item("lodz-co")], "Łódź & co")).toBe("lodz-co-2");
    expect(freshId([item("item-1")], "?!")).toBe("item-2");
  });

  test("are found by all the words that are looked for", () => {
    expect(found(["When will it come", "Come back", "else"], "come WHEN")).toEqual([0]);
    expect(found(["a", "b"], " ")).toEqual([0, 1]);
  });
});
