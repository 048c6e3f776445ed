/** How far a person has read, told the broker at most once a second for each chat. */

import type { ChatId, Seq } from "./frames";
import type { Surroundings } from "./surroundings";

/** Between two cursors of a kind in a chat, as the protocol asks. */
const EVERY_MS = 1000;

export type Cursor = "read" | "got";

/** Returns whether it was sent: without a connection it waits. */
export type SendCursor = (op: Cursor, chat: ChatId, seq: Seq) => boolean;

interface Moved {
  newest: Seq;
  sent: Seq;
  waits: boolean;
}

/** The newest cursor of each kind in each chat; older ones need not be sent. */
export class Cursors {
  private readonly moved = new Map<string, Moved>();

  constructor(
    private readonly world: Pick<Surroundings, "after">,
    private readonly send: SendCursor,
  ) {}

  /** Sends the cursor now, or when a second has passed and there is a connection. */
  move(op: Cursor, chat: ChatId, seq: Seq): void {
    const key = `${op} ${chat}`;
    const moved = this.moved.get(key) ?? { newest: 0, sent: 0, waits: false };
    this.moved.set(key, moved);
    if (seq <= moved.newest) return;
    moved.newest = seq;
    if (!moved.waits) this.advance(op, chat, moved);
  }

  /** Forgets what was sent in `chat`, which begins anew. */
  forget(chat: ChatId): void {
    this.moved.delete(`read ${chat}`);
    this.moved.delete(`got ${chat}`);
  }

  private advance(op: Cursor, chat: ChatId, moved: Moved): void {
    moved.waits = moved.newest > moved.sent;
    if (!moved.waits) return;
    if (this.send(op, chat, moved.newest)) moved.sent = moved.newest;
    this.world.after(EVERY_MS, () => this.advance(op, chat, moved));
  }
}
