/**
 * What an agent does with a ticket besides talking.
 *
 * It shows at once. For five seconds it can be taken back; if the broker refuses, the
 * ticket is as it was and the reason is told.
 */

import type { Fields } from "../../shared/protocol/frames";
import { Store } from "../state/store";
import type { Ticket } from "../state/ticket";
import { NOTHING_DONE, type Undo, done, forgotten, newest, ripe } from "../state/undo";
import { type Base, codeOf, detailsOf } from "./base";
import type { Listing } from "./listing";
import type { Toasts } from "./toasts";

interface Kept {
  /** When something had been said last. */
  lastAt: number;
  /** Does it, now that it cannot be taken back any more. */
  commit?: () => void;
  /** Takes it back. */
  revert: () => void;
}

export interface Offer {
  chat: string;
  from: string;
  until: number;
}

export class Handling {
  readonly undo = new Store<Undo>(NOTHING_DONE);
  readonly offers = new Store<readonly Offer[]>([]);
  private readonly kept = new Map<number, Kept>();

  constructor(
    private readonly base: Base,
    private readonly listing: Listing,
    private readonly toasts: Toasts,
    /** Up to where a chat has been shown; 0 if it is not known. */
    private readonly shownTo: (chat: string) => number,
  ) {
    base.listen((heard) => {
      if (heard.type === "push") this.notice(heard.kind, heard.push);
      // The shopper has written while the chat was about to be closed.
      if (heard.type === "event" && heard.event.kind === "msg") {
        if (heard.event.by !== `agent:${base.me}`) this.keepOpen(heard.event.chat);
      }
    });
    listing.watch((row) => {
      if (row.unread) this.keepOpen(row.chat, row.last_at);
    });
  }

  /** Ends a chat; it is final once the time to take it back is over. */
  close(ticket: Ticket, noRating: boolean, said: string): void {
    const { chat } = ticket;
    // As of now: what comes before it is final was not seen by who has gone on.
    const seen = this.guard(chat);
    this.listing.hide(chat);
    this.remember(said, chat, true, {
      lastAt: ticket.last_at,
      commit: () =>
        void this.leave(
          "chat.end",
          { chat, ...(noRating && { no_csat: true }), ...seen },
          () => this.listing.bringBack(ticket),
        ),
      revert: () => this.listing.bringBack(ticket),
    });
  }

  snooze(
    ticket: Ticket,
    when: { until: number } | { preset: string },
    said: string,
  ): void {
    const { chat } = ticket;
    if (this.listing.inbox.get().view.status === "open") this.listing.hide(chat);
    void this.leave("ticket.snooze", { chat, ...when, ...this.guard(chat) }, () =>
      this.listing.restore(ticket),
    );
    this.remember(said, chat, false, {
      lastAt: ticket.last_at,
      revert: () => void this.ask("ticket.wake", { chat }),
    });
  }

  wake(ticket: Ticket): void {
    void this.ask("ticket.wake", { chat: ticket.chat });
  }

  assign(ticket: Ticket, to: string | null, said: string): void {
    const { chat, assignee } = ticket;
    const agent = to?.startsWith("team:") ? null : to;
    this.listing.foresee({ ...ticket, assignee: agent });
    void this.give("ticket.assign", { chat, to }, () => this.listing.restore(ticket));
    this.remember(said, chat, false, {
      lastAt: ticket.last_at,
      revert: () => void this.ask("ticket.assign", { chat, to: assignee, force: true }),
    });
  }

  /** Hands a ticket on; with `accept` the other is asked first. */
  transfer(ticket: Ticket, to: string, note: string, accept: boolean): void {
    const fields = { chat: ticket.chat, to, ...(note && { note }), accept };
    void this.give("ticket.transfer", fields);
  }

  answer(chat: string, yes: boolean): void {
    this.offers.update((offers) => offers.filter((offer) => offer.chat !== chat));
    void this.ask("transfer.answer", { chat, yes });
  }

  tag(chat: string, add: readonly string[], remove: readonly string[]): void {
    void this.ask("ticket.tag", { chat, add, remove });
  }

  take(chat: string): void {
    void this.ask("control.take", { chat });
  }

  release(chat: string): void {
    void this.ask("control.release", { chat });
  }

  async unread(chat: string): Promise<void> {
    await this.ask("ticket.unread", { chat });
  }

  presence(state: string): void {
    void this.ask("presence.set", { state });
  }

  /** Takes back what was done last, or one thing. */
  takeBack(id = newest(this.undo.get(), Date.now())?.id): void {
    if (id === undefined) return;
    const kept = this.kept.get(id);
    this.forget(id);
    kept?.revert();
  }

  /** Does what cannot be taken back any more; called every second, and at the end. */
  settle(now = Date.now()): void {
    for (const deed of ripe(this.undo.get(), now)) {
      const kept = this.kept.get(deed.id);
      this.forget(deed.id);
      kept?.commit?.();
    }
  }

  private remember(said: string, chat: string, held: boolean, kept: Kept): void {
    // Two closes of one chat are one.
    const same = this.undo.get().deeds.find((deed) => held && deed.chat === chat);
    if (same) return;
    const id = this.undo.get().next;
    this.kept.set(id, kept);
    this.undo.update((undo) => done(undo, { said, chat, held }, Date.now()));
  }

  private forget(id: number): void {
    this.kept.delete(id);
    this.undo.update((undo) => forgotten(undo, id));
  }

  /** Leaves a chat open that was about to be closed: the shopper has written since. */
  private keepOpen(chat: string, at = Infinity): void {
    const deed = this.undo.get().deeds.find((each) => each.held && each.chat === chat);
    if (!deed || at <= (this.kept.get(deed.id)?.lastAt ?? 0)) return;
    this.takeBack(deed.id);
    this.toasts.say({ key: "kept_open" });
  }

  /** Gives a ticket to somebody; if they are away or full, asks whether to do it all the same. */
  private async give(op: string, fields: Fields, revert?: () => void): Promise<void> {
    try {
      await this.base.request(op, fields);
    } catch (error) {
      revert?.();
      const code = codeOf(error);
      if (code === "agent_offline" || code === "agent_full") {
        const name = this.base.name(String(fields["to"]));
        this.toasts.say({
          key: `error_${code}`,
          vars: { name },
          action: {
            key: "give_anyway",
            act: () => void this.ask(op, { ...fields, force: true }),
          },
        });
      } else this.tell(error);
    }
  }

  private async ask(op: string, fields: Fields, revert?: () => void): Promise<void> {
    try {
      await this.base.request(op, fields);
    } catch (error) {
      revert?.();
      this.tell(error);
    }
  }

  /** Puts a ticket aside, unless its shopper has written what was not seen yet. */
  private async leave(op: string, fields: Fields, revert: () => void): Promise<void> {
    try {
      await this.base.request(op, fields);
    } catch (error) {
      revert();
      if (codeOf(error) !== "stale_head") return this.tell(error);
      const { deeds } = this.undo.get();
      const deed = deeds.find((each) => each.chat === fields["chat"]);
      if (deed) this.forget(deed.id);
      this.toasts.say({ key: "kept_open" });
    }
  }

  private guard(chat: string): Fields {
    const head = this.shownTo(chat);
    return head > 0 ? { if_head: head } : {};
  }

  private tell(error: unknown): void {
    this.toasts.refused(codeOf(error), detailsOf(error));
  }

  private notice(kind: string, push: Fields): void {
    if (kind === "transfer_offer") {
      const offer: Offer = {
        chat: String(push["chat"]),
        from: String(push["from"]),
        until: Number(push["until"] ?? this.base.now() + 30_000),
      };
      this.offers.update((offers) => [
        ...offers.filter((each) => each.chat !== offer.chat),
        offer,
      ]);
    } else if (kind === "transfer_failed") {
      const chat = String(push["chat"]);
      this.offers.update((offers) => offers.filter((each) => each.chat !== chat));
      if (push["from"] === this.base.me) {
        const name = this.base.name(String(push["to"]));
        this.toasts.say({ key: "transfer_failed", vars: { name } });
      }
    }
  }
}
