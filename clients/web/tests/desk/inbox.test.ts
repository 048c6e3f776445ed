import { describe, expect, test } from "vitest";
import {
  type Inbox,
  beside,
  changed,
  emptyInbox,
  opened,
  put,
  without,
} from "../../desk/state/inbox";
import { ticket } from "./tickets";

const VIEW = { name: "all", status: "open" } as const;
const chats = (inbox: Inbox) => inbox.rows.map((row) => row.chat).join("");

function filled(...rows: Parameters<typeof ticket>[]): Inbox {
  const answer = { ix: 5, rows: rows.map((row) => ticket(...row)), badge: 0 };
  return opened(emptyInbox(VIEW), { ...answer, more: false, full: true });
}

describe("the list of tickets", () => {
  test("has those who wait first, the longest wait before the others", () => {
    const inbox = filled(
      ["a", { last_at: 1 }],
      ["b", { waiting_since: 20 }],
      ["c", { waiting_since: 10 }],
      ["d", { last_at: 0 }],
    );
    expect(chats(inbox)).toBe("cbda");
  });

  test("has the closed ones with the newest first", () => {
    const view = { name: "all", status: "closed" } as const;
    const rows = [ticket("a", { last_at: 1 }), ticket("b", { last_at: 2 })];
    const inbox = opened(emptyInbox(view), {
      ...{ ix: 1, rows, badge: 0, more: false, full: true },
    });
    expect(chats(inbox)).toBe("ba");
  });

  test("moves a row that has changed to where it belongs", () => {
    const inbox = filled(["a", { waiting_since: 1 }], ["b", { waiting_since: 2 }]);
    const row = ticket("a", { waiting_since: null, last_at: 9 });
    const after = changed(inbox, { ix: 6, iprev: 5, row });
    expect(after && chats(after)).toBe("ba");
    expect(after?.ix).toBe(6);
  });

  test("keeps the place of a row whose rank is the same", () => {
    const inbox = filled(["a", { waiting_since: 1 }], ["b", { waiting_since: 2 }]);
    const after = put(inbox, ticket("a", { waiting_since: 1, preview: "new" }));
    expect(after.rows[0]?.preview).toBe("new");
    expect(after.rows[1]).toBe(inbox.rows[1]);
  });

  test("takes out what is gone", () => {
    const inbox = filled(["a"], ["b"]);
    const after = changed(inbox, { ix: 9, iprev: 5, gone: "a" });
    expect(after && chats(after)).toBe("b");
    expect(without(inbox, "x")).toBe(inbox);
  });

  test("notices that a change is missing", () => {
    expect(changed(filled(["a"]), { ix: 8, iprev: 7, gone: "a" })).toBeUndefined();
  });

  test("passes over a change that the page contains already", () => {
    const inbox = filled(["a"]);
    expect(changed(inbox, { ix: 5, iprev: 4, gone: "a" })).toBe(inbox);
    expect(changed(emptyInbox(VIEW), { ix: 1, iprev: 0, gone: "a" })).toBeDefined();
  });

  test("takes what has changed since, and leaves the rest", () => {
    const inbox = { ...filled(["a"], ["b"]), cursor: "next" };
    const rows = [ticket("b", { preview: "new" }), ticket("c")];
    const after = opened(inbox, { ix: 9, rows, badge: 0, more: false, full: false });
    expect(chats(after)).toBe("abc");
    expect(after.cursor).toBe("next");
  });

  test("puts a further page behind the rows there are", () => {
    const inbox = { ...filled(["a", { waiting_since: 1 }]), cursor: "w.1.1" };
    const rows = [ticket("b", { waiting_since: 2 })];
    const page = { ix: 7, rows, badge: 0, more: false, full: true };
    const after = opened(inbox, page, true);
    expect(chats(after)).toBe("ab");
    expect(after.cursor).toBeUndefined();
  });

  test("steps from row to row and stays at the ends", () => {
    const { rows } = filled(["a"], ["b"]);
    expect(beside(rows, undefined, 1)?.chat).toBe("a");
    expect(beside(rows, undefined, -1)?.chat).toBe("b");
    expect(beside(rows, "a", 1)?.chat).toBe("b");
    expect(beside(rows, "b", 1)?.chat).toBe("b");
    expect(beside([], "a", 1)).toBeUndefined();
  });

  test("takes 500 changes of 5,000 rows in a moment", () => {
    const rows = Array.from({ length: 5000 }, (_, at) =>
      ticket(`c${String(at).padStart(5, "0")}`, { waiting_since: at }),
    );
    let inbox = opened(emptyInbox(VIEW), {
      ...{ ix: 0, rows, badge: 0, more: false, full: true },
    });
    const begun = performance.now();
    for (let at = 0; at < 500; at += 1) {
      const row = ticket(`c${String(at * 10).padStart(5, "0")}`, {
        waiting_since: 6000 + at,
      });
      inbox = changed(inbox, { ix: at + 1, iprev: at, row }) ?? inbox;
    }
    expect(inbox.rows).toHaveLength(5000);
    // A change takes some 0.1 ms: a second is for a machine that does other things.
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});
