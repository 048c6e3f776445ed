/**
 * A connection to the broker that lasts.
 *
 *     const link = new Link({ url: "wss://shop.example/ws", token, hear });
 *     link.start();
 *     await link.request("chat.start", { text: "Where is my order?" }).done;
 *
 * It comes back by itself when it is cut, picks up every chat where it was, and repeats
 * what was not answered under the same id, so that a message is sent once however often
 * it is tried (`session.ts` says how). What happens is told to `hear`, in order.
 */

import { Cursors } from "./cursors";
import {
  AUTH,
  BYE,
  FINAL,
  GONE,
  SUBPROTOCOL,
  type ChatId,
  type Fields,
  type Refusal,
  type Reply,
  type Seq,
} from "./frames";
import { Broken, Session, type Hail, type Happened } from "./session";
import { browser, type Surroundings, type Timer } from "./surroundings";
import { endOf, fetched, type Token } from "./token";
import { TypingOut } from "./typing";

/** Bounds of the wait before a new connection; the upper one doubles between them. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** A connection that lasted so long starts the waits anew. */
const SETTLED_MS = 30_000;
/** For the connection, the upgrade and the welcome. */
const CONNECT_MS = 10_000;
/**
 * Browsers answer the server's pings by themselves and tell nobody. So after as long
 * without a frame we ask for one: a server that owes an answer for `ANSWER_MS` is gone,
 * though TCP has not noticed.
 */
const QUIET_MS = 25_000;
const ANSWER_MS = 10_000;
/** Who was heard so lately is there. */
const FRESH_MS = 5000;
/** Wait before what was refused for now is tried again, if the server names none. */
const AGAIN_MS = 500;
/** Part of a token's life after which a fresh one is fetched. */
const RENEW_AT = 0.8;
/** Longest wait that a browser's timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The connection has ended; unless it is `final` there will be another. */
export interface Cut {
  type: "cut";
  code: number;
  reason: string;
  final: boolean;
}

export type Heard =
  Exclude<Happened, { type: "answered" | "postponed" | "closing" }> | Cut;

/** `waiting`: for the next try; `over`: there will be none, unless `start` is called. */
export type LinkState = "idle" | "connecting" | "online" | "waiting" | "over";

/** The broker refused a request: nothing has changed, and asking again is useless. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly refusal: Refusal,
  ) {
    super(`${code}: ${refusal.message ?? ""}`);
  }
}

/** It is over; what was not answered may or may not have happened. */
export class LinkClosed extends Error {}

/** A request under way: its id is known at once, its answer later. */
export interface Asked {
  id: string;
  done: Promise<Reply>;
}

export interface LinkOptions {
  /** Where the broker's socket is, `ws:` or `wss:`. */
  url: string;
  token?: Token;
  /** A visitor's secret from an earlier connection. */
  anon?: string | undefined;
  site?: string | undefined;
  client?: { name: string; version: string };
  hear: (heard: Heard) => void;
  surroundings?: Surroundings;
}

interface Waiter {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export class Link {
  state: LinkState = "idle";
  /** What `welcome.now` was ahead of our clock, in milliseconds. */
  skew = 0;
  readonly session: Session;
  /** For the next connection. */
  token: Token;

  private readonly world: Surroundings;
  private readonly hail: Hail;
  private readonly hear: (heard: Heard) => void;
  private readonly waiters = new Map<string, Waiter>();
  private readonly cursors: Cursors;
  private readonly typingOut: TypingOut;
  private socket: WebSocket | undefined;
  /** Which attempt is the present one: an older one's token may come late. */
  private attemptNow: object | undefined;
  private attempt = 0;
  private began = 0;
  private heardAt = 0;
  /** What frames before a close said of it: they say more than its reason. */
  private said = "";
  private afterMs = 0;
  /** The token of the last hello. */
  private shown: string | undefined;
  /** Whether a token was refused, and none has been welcome since. */
  private turnedAway = false;
  private patience: Timer | undefined;
  private next: Timer | undefined;
  private again: Timer | undefined;
  private renewal: Timer | undefined;

  constructor(private readonly options: LinkOptions) {
    this.world = options.surroundings ?? browser(SUBPROTOCOL);
    this.token = options.token;
    this.hear = options.hear;
    this.session = new Session(() => this.world.newId());
    this.session.anon = options.anon;
    this.hail = {
      site: options.site,
      ...(options.client && { client: options.client }),
    };
    this.cursors = new Cursors(this.world, (op, chat, seq) =>
      this.sendCursor(op, chat, seq),
    );
    this.typingOut = new TypingOut(this.world, (frame) => this.signal(frame));
  }

  /** The server's time. */
  now(): number {
    return this.world.now() + this.skew;
  }

  /** Connects, and stays connected; does nothing if that is so already. */
  start(): void {
    if (this.state === "idle" || this.state === "over") void this.connect();
  }

  /** Looks at once whether the server is there: the person or the network is back. */
  wake(): void {
    if (this.state === "waiting") void this.connect();
    else if (this.state === "online" && this.world.now() - this.heardAt > FRESH_MS) {
      this.probe();
    }
  }

  /** Says goodbye; what is unanswered fails. */
  close(): void {
    if (this.state === "online") this.signal({ op: "bye", id: this.world.newId() });
    this.end(BYE, "bye");
  }

  /** Begins a new connection now, as whom `token` says. */
  reconnect(): void {
    this.drop();
    void this.connect();
  }

  /** Asks for any operation by name; `id` repeats an earlier request. */
  request(op: string, fields: Fields = {}, id = this.world.newId()): Asked {
    const done = new Promise<Reply>((resolve, reject) => {
      if (this.state === "over") reject(new LinkClosed("over"));
      else this.waiters.set(id, { resolve, reject });
    });
    // Whoever does not wait for it need not catch it either.
    done.catch(() => undefined);
    if (this.state !== "over") {
      this.session.ask({ op, id, ...fields });
      this.flush();
    }
    return { id, done };
  }

  /** Sends what is not worth keeping, if there is a connection. */
  signal(frame: Fields): void {
    this.session.signal(frame);
    this.flush();
  }

  /** Says that we are typing in `chat`, as often as it is worth saying, or no longer. */
  typing(chat: ChatId, on: boolean, note = false): void {
    this.typingOut.set(chat, on, note);
  }

  /** Says that the person has seen everything up to `seq`; at most once a second. */
  read(chat: ChatId, seq: Seq): void {
    this.cursors.move("read", chat, seq);
  }

  /** Says that we have everything up to `seq`; at most once a second. */
  got(chat: ChatId, seq: Seq): void {
    this.cursors.move("got", chat, seq);
  }

  /**
   * Signs a visitor in, or renews. A visitor's talk moves to the profile; the connection
   * begins anew, for the server says in its welcome who one is.
   */
  async identify(token: Token): Promise<void> {
    const fresh = await fetched(token);
    const visitor = this.session.role === "visitor" || this.session.role === "";
    await this.request("identify", { token: fresh }).done;
    this.token = token;
    if (visitor) this.reconnect();
  }

  /** Returns what to authorise an HTTP request with. */
  async bearer(): Promise<string> {
    const token = await fetched(this.token);
    return `Bearer ${token ?? `anon:${this.session.anon ?? ""}`}`;
  }

  private async connect(): Promise<void> {
    this.cancelAll();
    this.state = "connecting";
    this.began = this.world.now();
    this.said = "";
    this.afterMs = 0;
    const began = {};
    this.attemptNow = began;
    this.patience = this.world.after(CONNECT_MS, () => this.cut(GONE, "no answer"));
    let token: string | undefined;
    try {
      token = await fetched(this.token);
    } catch {
      if (this.attemptNow === began) this.cut(GONE, "no token");
      return;
    }
    if (this.attemptNow !== began) return;
    this.shown = token;
    const socket = this.world.connect(this.options.url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      if (this.socket !== socket) return;
      this.session.hello({ ...this.hail, token });
      this.flush();
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.socket === socket) this.take(String(data));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.socket === socket) this.cut(code, this.said || reason);
    });
  }

  /** Hears what a message means. */
  private take(payload: string): void {
    this.heardAt = this.world.now();
    this.patience?.cancel();
    this.patience = undefined;
    let happened: Happened[];
    try {
      happened = this.session.receive(payload);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      this.cut(GONE, "the server does not speak this protocol");
      return;
    }
    const socket = this.socket;
    for (const each of happened) {
      this.tell(each);
      // Whoever hears it may end the connection.
      if (this.socket !== socket) return;
    }
    this.flush();
    this.watch();
  }

  private tell(happened: Happened): void {
    switch (happened.type) {
      case "closing":
        this.said = happened.closing.reason;
        this.afterMs = happened.closing.reconnect_after_ms;
        return;
      case "postponed":
        this.again ??= this.world.after(happened.refusal.retry_ms ?? AGAIN_MS, () => {
          this.again = undefined;
          this.session.retry();
          this.flush();
        });
        return;
      case "answered":
        this.settled(happened.id)?.resolve(happened.reply);
        return;
      case "refused": {
        const { refusal } = happened;
        if (!this.session.connected) this.said = refusal.code;
        this.settled(happened.id)?.reject(new Refused(refusal.code, refusal));
        break;
      }
      case "welcome":
        this.state = "online";
        this.turnedAway = false;
        this.skew = happened.welcome.now - this.world.now();
        this.renewLater();
    }
    this.hear(happened);
  }

  private settled(id: string): Waiter | undefined {
    const waiter = this.waiters.get(id);
    this.waiters.delete(id);
    return waiter;
  }

  private flush(): void {
    const { socket } = this;
    if (socket?.readyState !== 1) return;
    for (const payload of this.session.sends()) socket.send(payload);
    if (this.session.connected && this.session.waiting) this.expect();
  }

  /** Asks for a frame when none has come for long. */
  private watch(): void {
    if (this.state !== "online") return;
    this.next?.cancel();
    this.next = this.world.after(QUIET_MS, () => this.probe());
    if (this.session.waiting) this.expect();
  }

  private probe(): void {
    // Servers answer even what they do not know, with a refusal.
    this.signal({ op: "ping", id: this.world.newId() });
    this.expect();
  }

  private expect(): void {
    this.patience ??= this.world.after(ANSWER_MS, () => this.cut(GONE, "no answer"));
  }

  /** Ends this connection; there will be another, if that makes sense. */
  private cut(code: number, reason: string): void {
    const settled =
      this.state === "online" && this.world.now() - this.began >= SETTLED_MS;
    const renews =
      code === AUTH && typeof this.token === "function" && !this.turnedAway;
    this.drop();
    if (FINAL.has(code) && !renews) {
      this.end(code, reason);
      return;
    }
    // One that slept through its token's end is let in with the next.
    this.turnedAway = code === AUTH;
    if (settled) this.attempt = 0;
    this.state = "waiting";
    this.next = this.world.after(this.wait(), () => void this.connect());
    this.hear({ type: "cut", code, reason, final: false });
  }

  /**
   * Returns how long to wait: what the server asked for, or full jitter up to a bound
   * that doubles, so that a thousand clients come back one by one.
   */
  private wait(): number {
    if (this.afterMs > 0) return this.afterMs;
    const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.attempt, 10));
    this.attempt += 1;
    return this.world.random() * bound;
  }

  private end(code: number, reason: string): void {
    this.drop();
    this.state = "over";
    for (const waiter of this.waiters.values()) waiter.reject(new LinkClosed(reason));
    this.waiters.clear();
    this.hear({ type: "cut", code, reason, final: true });
  }

  /** Lets go of the socket without a word. */
  private drop(): void {
    this.cancelAll();
    this.attemptNow = undefined;
    const socket = this.socket;
    this.socket = undefined;
    this.session.lost();
    socket?.close(BYE);
  }

  private cancelAll(): void {
    for (const timer of [this.patience, this.next, this.again, this.renewal])
      timer?.cancel();
    this.patience = this.next = this.again = this.renewal = undefined;
  }

  /** Renews the token before it expires, if there is a way to get a fresh one. */
  private renewLater(): void {
    const end = endOf(this.shown ?? "");
    if (end === undefined || typeof this.token !== "function") return;
    const left = Math.max(0, end * 1000 - this.now());
    const wait = Math.min(Math.max(left * RENEW_AT, AGAIN_MS), LONGEST_TIMER_MS);
    this.renewal = this.world.after(wait, () => void this.renew());
  }

  private async renew(): Promise<void> {
    const socket = this.socket;
    const token = await fetched(this.token).catch(() => undefined);
    if (this.socket !== socket || this.state !== "online") return;
    if (token) {
      this.shown = token;
      // The next connection says so in its hello.
      this.signal({ op: "identify", id: this.world.newId(), token });
    }
    this.renewLater();
  }

  private sendCursor(op: "read" | "got", chat: ChatId, seq: Seq): boolean {
    if (this.state !== "online") return false;
    const id = this.world.newId();
    this.session.ask({ op, id, chat, seq });
    // The session itself repeats the newest one on another connection.
    this.session.forget(id);
    this.flush();
    return true;
  }
}
