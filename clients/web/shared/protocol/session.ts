/**
 * What a client knows of its chats, across any number of connections. No IO, no clock.
 *
 * The one law: for every chat that is followed, what `receive` gives out as events is
 * what the person's role may see of the journal, in order, each once, whatever
 * connections were cut, answers lost or requests repeated. It rests on three rules of
 * protocol section 3: an event is applied only if its `prev` is the client's position;
 * what does not fit is asked for again; and a request is repeated, with its id, until it
 * is answered. `broker/wire/client.py` is the same in Python.
 */

import type {
  ChatId,
  Closing,
  Eph,
  Event,
  Fields,
  Person,
  Refusal,
  Reply,
  Request,
  Seq,
  Welcome,
} from "./frames";
import { ownEvent } from "./own";
import { Followed } from "./position";

/** What came of a payload, in the order in which it took effect. */
export type Happened =
  | { type: "event"; event: Event }
  /** A request was accepted; a write is durable. */
  | { type: "answered"; id: string; reply: Reply }
  /** A request changed nothing, and will not be repeated. */
  | { type: "refused"; id: string; refusal: Refusal }
  /** A request was refused for now; `retry` sends it again, with what followed it. */
  | { type: "postponed"; id: string; refusal: Refusal }
  | { type: "welcome"; welcome: Welcome }
  /** All that was missed has come; what follows is new. */
  | { type: "live"; chat: ChatId; upto: Seq }
  | { type: "eph"; eph: Eph }
  /** A notice to the person, of no chat's journal. */
  | { type: "push"; kind: string; push: Fields }
  | { type: "ix"; change: Fields }
  | { type: "badge"; n: number }
  | { type: "closing"; closing: Closing }
  /** The server was set back: forget the chat, it comes again from its start. */
  | { type: "resynced"; chat: ChatId }
  /** The chat is no longer within reach. */
  | { type: "vanished"; chat: ChatId };

/** Who says hello. */
export interface Hail {
  token?: string | undefined;
  anon?: string | undefined;
  site?: string | undefined;
  client?: { name: string; version: string };
}

/** The payload is no frame of the protocol: hang up, nothing has changed. */
export class Broken extends Error {}

/**
 * One client. Its owner carries `sends()` out, and `receive`s what comes in.
 *
 * `newId` returns a request id that was never used before, by any tab or device of this
 * person: it decides whether a message is a new one.
 */
export class Session {
  who: Person = "";
  role = "";
  epoch: string | undefined;
  anon: string | undefined;
  /** Whether the hello of the present connection was answered. */
  connected = false;

  private hailed = "";
  private readonly chats = new Map<ChatId, Followed>();
  /** Unanswered, oldest first; repeated on the next connection. */
  private readonly requests = new Map<string, Request>();
  private readonly postponed = new Set<string>();
  /** Our own `chat.open`s, which nobody else waits for. */
  private readonly opening = new Map<string, ChatId>();
  /** Chats of which something is to be fetched as soon as that is possible. */
  private readonly stalled = new Set<ChatId>();
  private outgoing: string[] = [];

  constructor(readonly newId: () => string) {}

  /** Where the followed chats are, for `follow` on another page. */
  get positions(): Record<ChatId, Seq> {
    return Object.fromEntries(
      [...this.chats].map(([chat, { position }]) => [chat, position]),
    );
  }

  /** Whether anything waits for an answer. */
  get waiting(): boolean {
    return this.requests.size > this.postponed.size;
  }

  /** Returns the payloads to send now, each once. */
  sends(): string[] {
    const sends = this.outgoing;
    this.outgoing = [];
    return sends;
  }

  /** Begins a connection. */
  hello(hail: Hail): void {
    this.lost();
    this.hailed = this.newId();
    // What is opened anew, because its answer is waited for, need not be resumed.
    const anew = this.waitedFor();
    const chats = Object.entries(this.positions).filter(([chat]) => !anew.has(chat));
    const anon = hail.anon ?? (hail.token ? undefined : this.anon);
    this.send({
      op: "hello",
      id: this.hailed,
      ...hail,
      anon,
      ...(chats.length > 0 && {
        resume: { chats: Object.fromEntries(chats), epoch: this.epoch },
      }),
    });
  }

  /** Learns that the connection is gone; what is unanswered waits for the next. */
  lost(): void {
    this.connected = false;
    this.outgoing = [];
    this.opening.clear();
    this.stalled.clear();
    this.postponed.clear();
    for (const [id, { op }] of this.requests) {
      // A goodbye was said to that connection.
      if (op === "bye") this.requests.delete(id);
    }
    for (const followed of this.chats.values()) followed.opening = "";
  }

  /** Resumes `chat` with the next hello, as if it had been followed before. */
  follow(chat: ChatId, after: Seq): void {
    this.chats.set(chat, new Followed(after));
  }

  /** Returns whether `chat` is followed. */
  follows(chat: ChatId): boolean {
    return this.chats.has(chat);
  }

  /**
   * Sends `request`, now or as soon as there is a connection. It is repeated until it is
   * answered. A chat that is followed already goes on where it is, whatever a
   * `chat.open` says.
   */
  ask(request: Request): void {
    const noted = this.noted(request);
    this.requests.set(request.id, noted);
    if (this.connected) this.send(noted);
  }

  /** Sends what is not worth keeping, if there is a connection. */
  signal(frame: Fields): void {
    if (this.connected) this.send(frame);
  }

  /** Does not repeat a request: whoever waited for its answer has gone. */
  forget(id: string): void {
    this.requests.delete(id);
    this.postponed.delete(id);
  }

  /** Sends what was postponed again, in the order in which it was asked. */
  retry(): void {
    for (const [id, request] of this.requests) {
      if (this.postponed.has(id)) this.send(request);
    }
    this.postponed.clear();
    const stalled = [...this.stalled];
    this.stalled.clear();
    for (const chat of stalled) {
      const followed = this.chats.get(chat);
      if (followed) this.open(chat, followed);
    }
  }

  /**
   * Returns what a payload from the server means, in the order it took effect.
   *
   * Throws `Broken` if it is no frame.
   */
  receive(payload: string): Happened[] {
    const frame = parsed(payload);
    switch (frame.t) {
      case "ev":
        return this.applied(frame as unknown as Event);
      case "ok":
        return this.answered(frame as unknown as Reply);
      case "err":
        return this.refused(frame as unknown as Refusal);
      case "welcome":
        return this.welcomed(frame as unknown as Welcome);
      case "live":
        return [
          {
            type: "live",
            chat: frame["chat"] as string,
            upto: frame["upto"] as number,
          },
        ];
      case "eph":
        return [{ type: "eph", eph: frame as unknown as Eph }];
      case "push":
        return [{ type: "push", kind: String(frame["kind"]), push: frame }];
      case "ix":
        return [{ type: "ix", change: frame }];
      case "badge":
        return [{ type: "badge", n: frame["n"] as number }];
      case "closing":
        return [{ type: "closing", closing: frame as unknown as Closing }];
      default:
        return [];
    }
  }

  private send(said: Fields): void {
    this.outgoing.push(JSON.stringify(said));
  }

  /** Returns `request` as it is to be sent, after what it does to the chats. */
  private noted(request: Request): Request {
    const chat = request["chat"] as ChatId;
    const followed = this.chats.get(chat);
    switch (request.op) {
      case "chat.open": {
        const opened = followed ?? new Followed((request["after"] as Seq) || 0);
        this.chats.set(chat, opened);
        opened.opening = request.id;
        return { ...request, after: opened.position };
      }
      case "chat.leave":
        this.chats.delete(chat);
        break;
      case "read":
      case "got":
        if (followed) moveCursor(followed, request);
    }
    return request;
  }

  /** Returns `request` as the new connection needs it. */
  private reopened(request: Request): Request {
    const followed = this.chats.get(request["chat"] as ChatId);
    if (request.op !== "chat.open" || !followed) return request;
    followed.opening = request.id;
    const { epoch: _, ...rest } = request;
    return {
      ...rest,
      after: followed.position,
      ...(followed.position > 0 && request["epoch"] ? { epoch: request["epoch"] } : {}),
    };
  }

  /** Returns the chats that somebody else than us is opening. */
  private waitedFor(): Set<ChatId> {
    const opens = [...this.requests.values()].filter(({ op }) => op === "chat.open");
    return new Set(opens.map((request) => request["chat"] as ChatId));
  }

  private welcomed(welcome: Welcome): Happened[] {
    const happened: Happened[] = [{ type: "welcome", welcome }];
    if (this.epoch !== undefined && this.epoch !== welcome.epoch) {
      // The server says so itself of the chats that were to be resumed.
      for (const chat of this.waitedFor()) {
        this.chats.get(chat)?.restart();
        happened.push({ type: "resynced", chat });
      }
    }
    this.who = welcome.who;
    this.role = welcome.role;
    this.epoch = welcome.epoch;
    this.anon = welcome.anon ?? this.anon;
    this.connected = true;
    for (const request of this.requests.values()) this.send(this.reopened(request));
    for (const [chat, { read, got }] of this.chats) {
      // The last second of cursors is all that a crash may cost.
      if (read > 0) this.send({ op: "read", id: this.newId(), chat, seq: read });
      if (got > read) this.send({ op: "got", id: this.newId(), chat, seq: got });
    }
    return happened;
  }

  private applied(event: Event): Happened[] {
    let followed = this.chats.get(event.chat);
    if (!followed) {
      const starting = [...this.requests.values()].some(
        ({ op }) => op === "chat.start",
      );
      if (event.prev > 0 || !starting) return [];
      followed = new Followed(0);
      this.chats.set(event.chat, followed);
    }
    const taken = followed.take(event);
    if (taken) return events(taken);
    this.open(event.chat, followed);
    return [];
  }

  /** Asks for what is missing, unless it has been asked for. */
  private open(chat: ChatId, followed: Followed): void {
    if (followed.opening) return;
    followed.opening = this.newId();
    this.opening.set(followed.opening, chat);
    this.send({
      op: "chat.open",
      id: followed.opening,
      chat,
      after: followed.position,
    });
  }

  private answered(reply: Reply): Happened[] {
    const request = this.requests.get(reply.re);
    this.forget(reply.re);
    const chat =
      request?.op === "chat.open"
        ? (request["chat"] as ChatId)
        : this.opening.get(reply.re);
    this.opening.delete(reply.re);
    const followed = chat === undefined ? undefined : this.chats.get(chat);
    if (followed?.opening === reply.re) followed.opening = "";
    const happened = this.written(request, reply);
    if (request) happened.push({ type: "answered", id: reply.re, reply });
    return happened;
  }

  /** Returns the events that the answer to a write lets us apply. */
  private written(request: Request | undefined, reply: Reply): Happened[] {
    if (
      reply.chat === undefined ||
      reply.seq === undefined ||
      reply.prev === undefined
    ) {
      return [];
    }
    const followed = this.chats.get(reply.chat);
    if (!followed) {
      if (request?.op === "chat.start") {
        // It ran already, or began on a connection that is gone.
        const begun = new Followed(0);
        this.chats.set(reply.chat, begun);
        this.open(reply.chat, begun);
      }
      return [];
    }
    if (reply.seq <= followed.position) return [];
    const event = ownEvent(request, reply, this.who, !OUTSIDE.has(this.role));
    const taken = event ? followed.take(event) : null;
    if (taken) return events(taken);
    if (event) followed.keep(event);
    this.open(reply.chat, followed);
    return [];
  }

  private refused(refusal: Refusal): Happened[] {
    const id = refusal.re;
    if (id === this.hailed && refusal.chat !== undefined) {
      return this.notResumed(refusal.chat, refusal);
    }
    const reopening = this.opening.get(id);
    if (reopening !== undefined) {
      this.opening.delete(id);
      return this.notResumed(reopening, refusal);
    }
    const request = this.requests.get(id);
    const chat = request?.["chat"] as ChatId;
    if (request?.op === "chat.open" && this.chats.has(chat)) {
      if (refusal.code === "resync_required") {
        this.chats.get(chat)?.restart();
        this.ask({ op: "chat.open", id, chat });
        return [{ type: "resynced", chat }];
      }
      if (!refusal.retry) this.chats.delete(chat);
    }
    if (request && refusal.retry) {
      this.postponed.add(id);
      return [{ type: "postponed", id, refusal }];
    }
    // A cursor that was repeated on the way, or a request that was forgotten.
    if (!request && id !== this.hailed) return [];
    this.forget(id);
    return [{ type: "refused", id, refusal }];
  }

  private notResumed(chat: ChatId, refusal: Refusal): Happened[] {
    const followed = this.chats.get(chat);
    if (!followed) return [];
    followed.opening = "";
    if (refusal.code === "resync_required") {
      followed.restart();
      this.open(chat, followed);
      return [{ type: "resynced", chat }];
    }
    if (refusal.retry) {
      this.stalled.add(chat);
      return [{ type: "postponed", id: refusal.re, refusal }];
    }
    this.chats.delete(chat);
    return [{ type: "vanished", chat }];
  }
}

/** Roles of the shop's visitors, whatever they are called. */
const OUTSIDE = new Set(["shopper", "visitor", "anon"]);

function events(taken: Event[]): Happened[] {
  return taken.map((event) => ({ type: "event", event }));
}

function moveCursor(followed: Followed, { op, seq }: Request): void {
  followed.got = Math.max(followed.got, seq as Seq);
  if (op === "read") followed.read = Math.max(followed.read, seq as Seq);
}

function parsed(payload: string): Fields & { t: string } {
  let frame: unknown;
  try {
    frame = JSON.parse(payload);
  } catch {
    throw new Broken("not JSON");
  }
  if (!frame || typeof (frame as Fields)["t"] !== "string")
    throw new Broken("no frame");
  return frame as Fields & { t: string };
}
