/** How far a client has come in one chat, and what fits next (protocol section 3). */

import type { Event, Seq } from "./frames";

/** A chat that a client follows, across its connections. */
export class Followed {
  /** The unanswered `chat.open`: all that does not fit comes again after it. */
  opening = "";
  read: Seq = 0;
  got: Seq = 0;
  /**
   * By `prev`, own events that were answered before what lies in between came. As many
   * as there were requests under way.
   */
  private ahead = new Map<Seq, Event>();

  /** `position` is the seq of the last visible event applied. */
  constructor(public position: Seq) {}

  /**
   * Returns what can be applied now, oldest first: nothing if it was before, `null` if
   * something before `event` is missing.
   */
  take(event: Event): Event[] | null {
    if (event.seq <= this.position) return [];
    // Nothing visible lies between `prev` and `seq`. It is less than the position only
    // where the person began at a hidden event.
    if (event.prev > this.position) return null;
    const taken = [event];
    let last = event;
    for (let own = this.ahead.get(last.seq); own; own = this.ahead.get(last.seq)) {
      taken.push(own);
      last = own;
    }
    this.position = last.seq;
    for (const prev of this.ahead.keys()) {
      if (prev <= this.position) this.ahead.delete(prev);
    }
    return taken;
  }

  /** Applies the person's own event as soon as what lies before it has come. */
  keep(own: Event): void {
    this.ahead.set(own.prev, own);
  }

  /** Begins at the beginning: the chat is not the one it was. */
  restart(): void {
    this.position = this.read = this.got = 0;
    this.ahead.clear();
  }
}
