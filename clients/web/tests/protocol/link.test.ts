import { beforeEach, expect, test } from "vitest";
import type { Event } from "../../shared/protocol/frames";
import { Link, LinkClosed, Refused, type Heard } from "../../shared/protocol/link";
import type { Token } from "../../shared/protocol/token";
import { FakeBroker } from "./broker";
import { settle, World } from "./world";

let world: World;
let heard: Heard[];

beforeEach(() => {
  world = new World();
  heard = [];
});

function linkTo(token?: Token): Link {
  const hear = (each: Heard): void => void heard.push(each);
  return new Link({ url: "ws://x/ws", token, hear, surroundings: world });
}

async function welcomed(link: Link, more: object = {}): Promise<void> {
  if (link.state === "idle") link.start();
  await settle();
  world.socket.open();
  const id = world.socket.said[0]?.["id"];
  const welcome = {
    t: "welcome",
    re: id,
    epoch: "e",
    who: "shopper:s",
    role: "shopper",
  };
  world.socket.say({
    ...welcome,
    now: world.time,
    heartbeat_s: 20,
    limits: {},
    ...more,
  });
}

function events(): Event[] {
  return heard.flatMap((each) => (each.type === "event" ? [each.event] : []));
}

function jwt(exp: number): string {
  return `h.${btoa(JSON.stringify({ exp })).replaceAll("=", "")}.s`;
}

/** Three messages and an agent's answers, with the connection cut once. */
async function talk(cutAfter: number, busy = 0): Promise<[FakeBroker, number]> {
  world = new World();
  heard = [];
  const broker = new FakeBroker();
  broker.cutAfter = cutAfter;
  broker.busy = busy;
  const link = linkTo();
  link.start();
  let served = 0;
  const goOn = async (): Promise<void> => {
    for (let turn = 0; turn < 12; turn += 1) {
      await settle();
      for (; served < world.sockets.length; served += 1) {
        const socket = world.sockets[served];
        if (socket) broker.serve(socket);
        socket?.open();
      }
      world.pass(500);
    }
  };
  const started = link.request("chat.start", { text: "one" });
  await goOn();
  const { chat } = await started.done;
  broker.write(String(chat), "agent:a", "note", { text: "hidden" }, true);
  broker.write(String(chat), "agent:a", "msg", { text: "answer" });
  const sent = ["two", "three"].map((text) => link.request("msg.send", { chat, text }));
  await goOn();
  await Promise.all(sent.map(({ done }) => done));
  return [broker, 1000 - broker.cutAfter];
}

test("a connection cut at any frame loses and doubles nothing", async () => {
  const [, frames] = await talk(1000);
  expect(frames).toBeGreaterThanOrEqual(10);
  for (let cutAfter = 1; cutAfter <= frames + 2; cutAfter += 1) {
    for (const busy of [0, 2]) {
      const [broker] = await talk(cutAfter, busy);
      expect(broker.journals.size).toBe(1);
      const texts = broker.visible("c1").map(({ body }) => body["text"]);
      expect(texts).toEqual([undefined, "one", "answer", "two", "three"]);
      expect(events().map(({ seq }) => seq)).toEqual(
        broker.visible("c1").map(({ seq }) => seq),
      );
      expect(events().map(({ body }) => body["text"])).toEqual(texts);
    }
  }
});

test("an event that does not fit is asked for, once, and not applied", async () => {
  const link = linkTo();
  await welcomed(link);
  link.request("chat.open", { chat: "c" });
  const ev = {
    t: "ev",
    chat: "c",
    at: 1,
    by: "agent:a",
    kind: "msg",
    body: { text: "x" },
  };
  const open = world.socket.said.at(-1);
  world.socket.say({ t: "ok", re: open?.["id"], chat: "c", head: 2, ticket: {} });
  world.socket.say({ ...ev, seq: 1, prev: 0 });
  world.socket.say({ ...ev, seq: 4, prev: 3 });
  world.socket.say({ ...ev, seq: 5, prev: 4 });
  expect(events().map(({ seq }) => seq)).toEqual([1]);
  const asked = world.socket.said.filter(({ op }) => op === "chat.open");
  expect(asked.map(({ after }) => after)).toEqual([0, 1]);
  world.socket.say({ t: "ok", re: asked[1]?.["id"], chat: "c", head: 5, ticket: {} });
  for (const seq of [3, 4, 5]) world.socket.say({ ...ev, seq, prev: seq - 1 || 0 });
  // Seq 2 is hidden from us: the first event after an `ok` is right whatever its `prev`.
  expect(events().map(({ seq }) => seq)).toEqual([1]);
});

test("another epoch begins every chat anew", async () => {
  const broker = new FakeBroker();
  broker.write("c", "agent:a", "msg", { text: "a" });
  const link = linkTo();
  link.start();
  await settle();
  broker.serve(world.socket);
  world.socket.open();
  link.request("chat.open", { chat: "c" });
  expect(events()).toHaveLength(1);
  broker.epoch = "e2";
  world.socket.end();
  world.pass(1000);
  await settle();
  broker.serve(world.socket);
  world.socket.open();
  expect(heard.filter(({ type }) => type === "resynced")).toHaveLength(1);
  expect(events()).toHaveLength(2);
});

test("the wait before a new try doubles, and lies anywhere below its bound", async () => {
  const link = linkTo();
  link.start();
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    await settle();
    const before = world.sockets.length;
    world.socket.end();
    const began = world.time;
    while (world.sockets.length === before) {
      world.pass(250);
      await settle();
    }
    waits.push(world.time - began);
  }
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
});

test("a server that says when to come back is taken at its word", async () => {
  const link = linkTo();
  await welcomed(link);
  const reason = "restarting";
  world.socket.say({ t: "closing", code: 1012, reason, reconnect_after_ms: 7000 });
  world.socket.end(1012);
  expect(heard.at(-1)).toEqual({ type: "cut", code: 1012, reason, final: false });
  world.pass(6999);
  await settle();
  expect(world.sockets).toHaveLength(1);
  world.pass(1);
  await settle();
  expect(world.sockets).toHaveLength(2);
});

test.each([4001, 4003, 4009])("after %i a client stays away", async (code) => {
  const link = linkTo("a fixed token");
  await welcomed(link);
  const asked = link.request("msg.send", { chat: "c", text: "x" });
  world.socket.end(code);
  world.pass(120_000);
  await settle();
  expect(world.sockets).toHaveLength(1);
  expect(link.state).toBe("over");
  await expect(asked.done).rejects.toBeInstanceOf(LinkClosed);
});

test.each([1000, 1001, 1006, 1011, 1012, 1013, 4000, 4008, 4029])(
  "after %i a client comes back",
  async (code) => {
    const link = linkTo("a fixed token");
    await welcomed(link);
    world.socket.end(code);
    world.pass(30_000);
    await settle();
    expect(world.sockets).toHaveLength(2);
  },
);

test("one whose token ran out while it slept comes back with the next, once", async () => {
  let asked = 0;
  const link = linkTo(() => `token ${(asked += 1)}`);
  await welcomed(link);
  world.socket.end(4001);
  world.pass(1000);
  await settle();
  expect(world.sockets).toHaveLength(2);
  world.socket.open();
  expect(world.socket.said[0]?.["token"]).toBe("token 2");
  world.socket.end(4001);
  world.pass(120_000);
  expect(world.sockets).toHaveLength(2);
  expect(link.state).toBe("over");
});

test("a token is renewed before it ends", async () => {
  let end = world.time / 1000;
  const link = linkTo(() => jwt((end += 20)));
  await welcomed(link);
  world.pass(16_000);
  await settle();
  const renewals = world.socket.said.filter(({ op }) => op === "identify");
  expect(renewals).toHaveLength(1);
  expect(link.state).toBe("online");
});

test("a token that cannot be fetched now is asked for again", async () => {
  let fails = 2;
  const link = linkTo(() => {
    fails -= 1;
    return fails < 0 ? "good" : Promise.reject(new Error("no network"));
  });
  link.start();
  for (let turn = 0; turn < 5; turn += 1) {
    await settle();
    world.pass(1000);
  }
  await settle();
  expect(world.sockets).toHaveLength(1);
});

test("a server that owes an answer for ten seconds is gone", async () => {
  const link = linkTo();
  await welcomed(link);
  const { done } = link.request("msg.send", { chat: "c", text: "x" });
  world.pass(9999);
  expect(link.state).toBe("online");
  world.pass(1);
  expect(link.state).toBe("waiting");
  expect(world.sockets[0]?.closedWith).toBe(1000);
  world.pass(1000);
  await settle();
  await welcomed(link);
  const again = world.socket.said.at(-1);
  expect(again?.["op"]).toBe("msg.send");
  world.socket.say({ t: "ok", re: again?.["id"], chat: "c", seq: 1, prev: 0, at: 1 });
  await expect(done).resolves.toMatchObject({ seq: 1 });
});

test("a silent connection is asked whether it is there", async () => {
  const link = linkTo();
  await welcomed(link);
  world.pass(25_000);
  const ping = world.socket.said.at(-1);
  expect(ping?.["op"]).toBe("ping");
  world.socket.say({ t: "err", re: ping?.["id"], code: "bad_frame" });
  world.pass(25_000);
  expect(link.state).toBe("online");
  world.pass(10_000);
  expect(link.state).toBe("waiting");
});

test("a refusal for now is tried again after as long as the server asks for", async () => {
  const link = linkTo();
  await welcomed(link);
  const { id, done } = link.request("msg.send", { chat: "c", text: "x" });
  const later = { t: "err", re: id, code: "rate_limited", retry: true, retry_ms: 3000 };
  world.socket.say(later);
  world.pass(2999);
  expect(world.socket.said.filter(({ op }) => op === "msg.send")).toHaveLength(1);
  world.pass(1);
  expect(world.socket.said.filter((said) => said["id"] === id)).toHaveLength(2);
  world.socket.say({ t: "err", re: id, code: "chat_closed", retry: false });
  await expect(done).rejects.toBeInstanceOf(Refused);
});

test("cursors go out at most once a second, always the newest", async () => {
  const link = linkTo();
  await welcomed(link);
  for (const seq of [1, 2, 3]) link.read("c", seq);
  world.pass(999);
  link.read("c", 4);
  world.pass(1);
  link.read("c", 2);
  world.pass(5000);
  const sent = world.socket.said.filter(({ op }) => op === "read");
  expect(sent.map(({ seq }) => seq)).toEqual([1, 4]);
});

test("typing is said once in three seconds, and ends by itself", async () => {
  const link = linkTo();
  await welcomed(link);
  for (let key = 0; key < 8; key += 1) {
    link.typing("c", true);
    world.pass(500);
  }
  world.pass(6000);
  link.typing("c", false);
  const sent = world.socket.said.filter(({ op }) => op === "typing");
  expect(sent.map(({ on }) => on)).toEqual([true, true, false]);
});

test("a visitor who signs in is welcomed anew", async () => {
  const link = linkTo();
  await welcomed(link, { role: "visitor", who: "anon:1", anon: "secret" });
  const signing = link.identify("their token");
  await settle();
  const asked = world.socket.said.at(-1);
  expect(asked).toMatchObject({ op: "identify", token: "their token" });
  world.socket.say({ t: "ok", re: asked?.["id"] });
  await signing;
  await settle();
  expect(world.sockets).toHaveLength(2);
  world.socket.open();
  expect(world.socket.said[0]).toMatchObject({ op: "hello", token: "their token" });
  expect(world.socket.said[0]?.["anon"]).toBeUndefined();
});

test("rubbish from a server ends the connection, not the page", async () => {
  const link = linkTo();
  await welcomed(link);
  world.socket.dispatchEvent(Object.assign(new Event("message"), { data: "[1" }));
  expect(link.state).toBe("waiting");
  world.pass(1000);
  await settle();
  await welcomed(link);
  world.socket.say({ t: "something new" });
  expect(link.state).toBe("online");
});
