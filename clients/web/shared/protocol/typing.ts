/** Typing, out and in: signals that may be lost, so both sides let them expire. */

import type { ChatId, Eph, Fields, Person } from "./frames";
import type { Surroundings, Timer } from "./surroundings";

/** The server passes on one sign in as long; more would be sent for nothing. */
const EVERY_MS = 3000;
/** Without a key as long, one types no more. */
const STILL_MS = 5000;
/** After the last sign of it, typing is shown as long (protocol section 7). */
export const EXPIRES_MS = 6000;

/** Says that the person types, as often as it is worth saying. */
export class TypingOut {
  private chat: ChatId | undefined;
  private note = false;
  private said = -Infinity;
  private still: Timer | undefined;

  constructor(
    private readonly world: Pick<Surroundings, "after" | "now">,
    private readonly send: (frame: Fields) => void,
  ) {}

  /** A key was pressed (`on`), or the text is gone or sent. */
  set(chat: ChatId, on: boolean, note: boolean): void {
    if (this.chat !== undefined && (!on || chat !== this.chat || note !== this.note)) {
      this.stop();
    }
    if (!on) return;
    const now = this.world.now();
    if (this.chat === undefined || now - this.said >= EVERY_MS) {
      this.said = now;
      this.send({ op: "typing", chat, on: true, ...(note && { note }) });
    }
    this.chat = chat;
    this.note = note;
    this.still?.cancel();
    this.still = this.world.after(STILL_MS, () => this.stop());
  }

  private stop(): void {
    const { chat, note } = this;
    this.still?.cancel();
    this.chat = undefined;
    if (chat !== undefined) {
      this.send({ op: "typing", chat, on: false, ...(note && { note }) });
    }
  }
}

/** Who types or thinks in one chat, and until when that may be shown. */
export class TypingIn {
  private readonly timers = new Map<string, Timer>();
  private shown: readonly Eph[] = [];

  constructor(
    private readonly world: Pick<Surroundings, "after">,
    private readonly changed: () => void,
  ) {}

  /** Those who do, the first first. */
  get now(): readonly Eph[] {
    return this.shown;
  }

  /** Takes a signal; what ends by itself is forgotten by itself. */
  take(eph: Eph): void {
    const key = `${eph.by} ${eph.what}`;
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
    if (eph.on) {
      this.timers.set(
        key,
        this.world.after(EXPIRES_MS, () => this.take({ ...eph, on: false })),
      );
    }
    const others = this.shown.filter((one) => `${one.by} ${one.what}` !== key);
    const known = others.length < this.shown.length;
    if (known && eph.on) return;
    if (!known && !eph.on) return;
    this.shown = eph.on ? [...others, eph] : others;
    this.changed();
  }

  /** Forgets what `by` was doing: a message came instead. */
  spoke(by: Person): void {
    for (const eph of this.shown.filter((one) => one.by === by)) {
      this.take({ ...eph, on: false });
    }
  }

  /** Forgets all. */
  clear(): void {
    for (const eph of this.shown) this.take({ ...eph, on: false });
  }
}
