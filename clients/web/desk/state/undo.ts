/**
 * What was just done and can still be taken back, for five seconds.
 *
 * A close is final, so it goes out when the time to take it back is over; a snooze or an
 * assignment goes out at once, and taking it back is a step of its own.
 */

export const UNDO_MS = 5000;

export interface Deed {
  id: number;
  /** What was done, in words. */
  said: string;
  chat: string;
  /** Shown as done, and sent when the time is over. */
  held: boolean;
  until: number;
}

export interface Undo {
  deeds: readonly Deed[];
  next: number;
}

export const NOTHING_DONE: Undo = { deeds: [], next: 1 };

export function done(
  undo: Undo,
  deed: Pick<Deed, "said" | "chat" | "held">,
  now: number,
): Undo {
  const fresh: Deed = { ...deed, id: undo.next, until: now + UNDO_MS };
  return { deeds: [...undo.deeds, fresh], next: undo.next + 1 };
}

/** Returns the newest deed that can be taken back. */
export function newest(undo: Undo, now: number): Deed | undefined {
  return undo.deeds.findLast((deed) => deed.until > now);
}

export function forgotten(undo: Undo, id: number): Undo {
  return { ...undo, deeds: undo.deeds.filter((deed) => deed.id !== id) };
}

/** Splits off the deeds whose time is over. */
export function ripe(undo: Undo, now: number): readonly Deed[] {
  return undo.deeds.filter((deed) => deed.until <= now);
}

/** Returns the chats that look closed here and are not yet. */
export function closing(undo: Undo): ReadonlySet<string> {
  return new Set(undo.deeds.filter((deed) => deed.held).map((deed) => deed.chat));
}
