/** What all parts of the desk's model stand on: the connection, the shop, the clock. */

import { Link, Refused, type Heard } from "../../shared/protocol/link";
import type { Fields, Reply } from "../../shared/protocol/frames";
import { Store } from "../state/store";
import { type Backroom, NO_BACKROOM, nameOf } from "../state/ticket";
import { Rest } from "../wire/rest";

export type Presence = "online" | "away" | "offline";

export interface Seat {
  /** Where the connection is; `over`: there will be none until somebody signs in. */
  state: "connecting" | "online" | "waiting" | "over";
  /** Whether it was ever welcomed: before that there is nothing to show. */
  welcomed: boolean;
  me: string;
  role: string;
  site: string;
  shop: Backroom;
  present: Readonly<Record<string, Presence>>;
  /** Why it is over, as a close code. */
  code: number;
}

const NOBODY: Seat = {
  state: "connecting",
  welcomed: false,
  me: "",
  role: "agent",
  site: "default",
  shop: NO_BACKROOM,
  present: {},
  code: 0,
};

export type Listener = (heard: Heard) => void;

/** One person's connection, and what is known of their shop. */
export class Base {
  readonly seat = new Store<Seat>(NOBODY);
  /** The server's time, a second at a time while anybody looks. */
  readonly clock = new Store(Date.now());
  readonly rest: Rest;
  readonly link: Link;
  private readonly listeners: Listener[] = [];
  private queue: Heard[] = [];
  private queued = false;

  constructor(url: string, token: string) {
    this.rest = new Rest(() => token);
    this.link = new Link({
      url,
      token,
      client: { name: "shopwire-desk", version: __VERSION__ },
      hear: (heard) => this.hear(heard),
    });
  }

  get me(): string {
    return this.seat.get().me;
  }

  get shop(): Backroom {
    return this.seat.get().shop;
  }

  /** Returns the server's time. */
  now(): number {
    return this.link.now();
  }

  /** Returns what a colleague is called. */
  name(agent: string): string {
    return nameOf(this.shop, agent);
  }

  /** Has `listener` told all that happens, in order and in the turn of a frame. */
  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  request(op: string, fields: Fields = {}): Promise<Reply> {
    return this.link.request(op, fields).done;
  }

  start(): void {
    this.link.start();
  }

  close(): void {
    this.link.close();
  }

  /** Does `act` behind all that has been heard so far. */
  after(act: () => void): void {
    this.hear({ type: "push", kind: AFTER, push: { act } });
  }

  /**
   * Keeps what comes for the next frame of the screen: after a cut thousands of events
   * come at once, and each by itself would be drawn.
   */
  private hear(heard: Heard): void {
    this.queue.push(heard);
    if (this.queued) return;
    this.queued = true;
    // A page in the background draws no frames, and is to notify all the same.
    if (document.hidden) setTimeout(() => this.drain(), 0);
    else requestAnimationFrame(() => this.drain());
  }

  private drain(): void {
    this.queued = false;
    const now = this.queue.splice(0, AT_ONCE);
    if (this.queue.length > 0) {
      this.queued = true;
      setTimeout(() => this.drain(), 0);
    }
    for (const heard of now) {
      if (heard.type === "push" && heard.kind === AFTER) {
        (heard.push["act"] as () => void)();
        continue;
      }
      this.note(heard);
      for (const listener of this.listeners) listener(heard);
    }
    for (const settle of this.settlers) settle();
  }

  private readonly settlers: (() => void)[] = [];

  /** Calls `settle` once after all that a frame brought: what is costly is done there. */
  settle(settle: () => void): void {
    this.settlers.push(settle);
  }

  private note(heard: Heard): void {
    switch (heard.type) {
      case "welcome": {
        const { who, role, site } = heard.welcome;
        const shop = (heard.welcome["desk"] as Backroom | undefined) ?? this.shop;
        this.seat.update((seat) => ({
          ...seat,
          state: "online",
          welcomed: true,
          me: who.replace(/^agent:/u, ""),
          role,
          site,
          shop,
        }));
        break;
      }
      case "cut":
        this.seat.update((seat) => ({
          ...seat,
          state: heard.final ? "over" : "waiting",
          code: heard.code,
        }));
        break;
      case "push":
        this.notice(heard.kind, heard.push);
        break;
      default:
        break;
    }
  }

  private notice(kind: string, push: Fields): void {
    if (kind === "desk") {
      const shop = push["desk"] as Backroom;
      this.seat.update((seat) => ({ ...seat, shop }));
    } else if (kind === "presence") {
      const told = push["agents"] as readonly { agent: string; state: Presence }[];
      const changes = Object.fromEntries(told.map((each) => [each.agent, each.state]));
      this.seat.update((seat) => ({
        ...seat,
        present: { ...seat.present, ...changes },
      }));
    }
  }
}

/** Frames applied in one go: more would hold up the screen. */
const AT_ONCE = 300;
const AFTER = " after";

/** Returns the code of a refusal, or `offline` if there was no answer. */
export function codeOf(error: unknown): string {
  return error instanceof Refused ? error.code : "offline";
}

/** Returns what a refusal says besides its code. */
export function detailsOf(error: unknown): Fields {
  return error instanceof Refused ? error.refusal : {};
}
