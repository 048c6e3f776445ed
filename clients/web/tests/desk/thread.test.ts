import { describe, expect, test } from "vitest";
import { type Line, linesOf } from "../../desk/state/lines";
import {
  appended,
  openedThread,
  paged,
  receiptOf,
  restarted,
} from "../../desk/state/thread";
import type { ChatEvent } from "../../desk/state/ticket";
import { script, ticket } from "./tickets";

const SARA = "shopper:p";
const ANN = "agent:ann";
const seqs = (events: readonly ChatEvent[]) => events.map((event) => event.seq);

describe("a thread", () => {
  test("takes each event once, in order", () => {
    const next = script();
    const events = [next("msg", SARA, { text: "a" }), next("msg", ANN, { text: "b" })];
    const thread = appended(openedThread(ticket("c")), events);
    expect(seqs(thread.events)).toEqual([1, 2]);
    expect(appended(thread, events)).toBe(thread);
    expect(thread.position).toBe(2);
  });

  test("puts older pages before what it has", () => {
    const old = script();
    const page = [old("msg", SARA), old("msg", SARA)];
    const next = script("c", 3);
    let thread = paged(openedThread(ticket("c")), [next("msg", ANN)], true);
    thread = paged(thread, page, false);
    expect(seqs(thread.events)).toEqual([1, 2, 3]);
    expect([thread.first, thread.position, thread.more]).toEqual([1, 3, false]);
  });

  test("has no words once it was erased, nor those of older pages", () => {
    const next = script();
    const old = [next("msg", SARA, { text: "Elm Street" }), next("note", ANN)];
    const events = [next("msg", ANN), next("closed", ANN), next("erased", "system")];
    let thread = appended(openedThread({ ...ticket("c"), name: "Sara" }), events);
    expect(thread.events.map(({ kind }) => kind)).toEqual(["closed", "erased"]);
    expect([thread.ticket.name, thread.ticket.preview]).toEqual(["", ""]);
    thread = paged(thread, old, false);
    expect(thread.events.map(({ kind }) => kind)).toEqual(["closed", "erased"]);
  });

  test("keeps receipts out of sight, and says how far a message came", () => {
    const next = script();
    let thread = appended(openedThread(ticket("c")), [next("msg", ANN)]);
    expect(receiptOf(thread, 1)).toBe("sent");
    thread = appended(thread, [next("got", SARA, { who: SARA, upto: 1 })]);
    expect(receiptOf(thread, 1)).toBe("got");
    thread = appended(thread, [
      next("read", SARA, { who: SARA, upto: 1 }, 7),
      // A colleague's reading is no receipt.
      next("read", "agent:ben", { who: "agent:ben", upto: 3 }),
    ]);
    expect(receiptOf(thread, 1)).toBe("read");
    expect(thread.receipts.readAt).toBe(7);
    expect(seqs(thread.events)).toEqual([1]);
    expect(thread.position).toBe(4);
  });

  test("knows how its ticket stands from its events", () => {
    const next = script();
    let thread = appended(openedThread(ticket("c")), [
      next("msg", SARA, { text: "?" }, 10),
      next("checkin", "system", { state: "missed" }, 20),
    ]);
    expect(thread.ticket.waiting_since).toBe(10);
    expect(thread.ticket.flags).toContain("overdue");
    thread = appended(thread, [
      next("assigned", ANN, { from: null, to: "ann", why: "reply" }),
      next("msg", ANN, { text: "Looking", hold: true }, 30),
    ]);
    expect(thread.ticket).toMatchObject({
      assignee: "ann",
      waiting_since: 10,
      silent_since: 30,
      flags: [],
    });
    thread = appended(thread, [next("msg", ANN, { text: "Here" }, 40)]);
    expect(thread.ticket.waiting_since).toBeNull();
    expect(thread.ticket).not.toHaveProperty("silent_since");
    thread = appended(thread, [
      next("tagged", ANN, { add: ["late"], remove: [] }),
      next("status", ANN, { from: "open", to: "snoozed", until: 99 }),
    ]);
    expect(thread.ticket).toMatchObject({
      status: "snoozed",
      until: 99,
      tags: ["late"],
    });
    thread = appended(thread, [
      next("status", "system", { from: "snoozed", to: "open", why: "due" }),
      next("closed", SARA, { reason: "shopper" }),
      next("rated", SARA, { score: 4 }),
    ]);
    expect(thread.ticket.status).toBe("closed");
    expect(thread.ticket).not.toHaveProperty("until");
    expect(thread.rating).toBe(4);
  });

  test("counts neither the bot nor what is automatic as an answer", () => {
    const next = script();
    const thread = appended(openedThread(ticket("c")), [
      next("msg", SARA, { text: "?" }, 10),
      next("msg", "system", { text: "Hold on", auto: "checkin" }),
      next("msg", "bot", { text: "Hm" }),
    ]);
    expect(thread.ticket.waiting_since).toBe(10);
  });

  test("begins anew when the server was set back", () => {
    const next = script();
    const thread = appended(openedThread(ticket("c")), [next("msg", SARA)]);
    expect(restarted(thread)).toMatchObject({ position: 0, events: [], live: false });
  });
});

describe("the lines of a thread", () => {
  const DAY = 86_400_000;
  const dayOf = (at: number) => String(Math.floor(at / DAY));
  const told = (lines: readonly Line[]) =>
    lines.map((line) =>
      line.type === "bubble"
        ? `${line.side}${line.first ? "<" : "-"}${line.last ? ">" : "-"}`
        : line.type,
    );

  test("group what one person says within minutes", () => {
    const next = script();
    const events = [
      next("msg", SARA, {}, 0),
      next("msg", SARA, {}, 1000),
      next("msg", ANN, {}, 2000),
      next("msg", "agent:ben", {}, 3000),
      next("msg", "agent:ben", {}, 3000 + 10 * 60_000),
    ];
    expect(told(linesOf(events, "ann", dayOf))).toEqual([
      "day",
      "them<-",
      "them->",
      "me<>",
      "us<>",
      "us<>",
    ]);
  });

  test("separate days, and show notes and happenings", () => {
    const next = script();
    const events = [
      next("msg", SARA, {}, DAY - 1),
      next("msg", SARA, {}, DAY),
      next("note", ANN, { text: "!" }, DAY),
      next("closed", ANN, { reason: "agent" }, DAY),
    ];
    expect(told(linesOf(events, "ann", dayOf))).toEqual([
      "day",
      "them<>",
      "day",
      "them<>",
      "note",
      "system",
    ]);
  });

  test("are the same however they came together", () => {
    const next = script();
    const people = [SARA, SARA, ANN, ANN, "bot", SARA];
    const kinds = ["msg", "msg", "msg", "note", "closed"];
    const events = Array.from({ length: 200 }, (_, at) =>
      next(
        kinds[(at * 7) % 5] ?? "msg",
        people[(at * 5) % 6] ?? SARA,
        {},
        at * (DAY / 30),
      ),
    );
    const whole = linesOf(events, "ann", dayOf);
    let known: readonly Line[] = [];
    for (let upto = 1; upto <= events.length; upto += 1) {
      known = linesOf(events.slice(0, upto), "ann", dayOf, known);
    }
    expect(known).toEqual(whole);
    // A page from before begins anew.
    const later = linesOf(events.slice(100), "ann", dayOf);
    expect(linesOf(events, "ann", dayOf, later)).toEqual(whole);
  });

  test("keep the lines that stand, so that they are not drawn again", () => {
    const next = script();
    const events = [next("msg", SARA), next("msg", SARA), next("msg", SARA)];
    const before = linesOf(events.slice(0, 2), "ann", dayOf);
    const after = linesOf(events, "ann", dayOf, before);
    expect(after[1]).toBe(before[1]);
  });
});
