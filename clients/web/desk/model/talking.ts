/** The chat on the screen: reading it, writing in it, and who else is there. */

import type { Heard } from "../../shared/protocol/link";
import type { Event as ChatFrame } from "../../shared/protocol/frames";
import { type Sign, fresh, signed, spoken } from "../state/signs";
import { Store } from "../state/store";
import { type Thread, appended, openedThread, paged, restarted } from "../state/thread";
import { type ChatEvent, type Ticket, isOutside } from "../state/ticket";
import { type Base, codeOf, detailsOf } from "./base";
import type { Drafts } from "./drafts";

/** Something on its way to the chat. */
export interface Pending {
  id: string;
  chat: string;
  text: string;
  blobs: readonly string[];
  note: boolean;
  hold: boolean;
  macro?: string;
  at: number;
  /** Why it was refused, if it was. */
  failed?: string;
}

/** What an answer was held back for: somebody else has stepped in. */
export interface Guard {
  saying: Saying;
  events: readonly ChatEvent[];
  head: number;
}

export interface Saying {
  text: string;
  blobs?: readonly string[];
  note?: boolean;
  hold?: boolean;
  macro?: string;
}

export interface Talk {
  chat?: string;
  thread?: Thread;
  /** Why it cannot be shown. */
  failed?: string;
  loadingMore: boolean;
  pending: readonly Pending[];
  signs: readonly Sign[];
  guard?: Guard;
}

const END = 2 ** 53 - 1;
const FIRST_PAGE = 60;
const PAGE = 200;
/** Threads that are kept in memory, so that going back shows them at once. */
const KEPT = 20;
const VIEW_MS = 10_000;
const EMPTY: Talk = { loadingMore: false, pending: [], signs: [] };

export class Talking {
  readonly talk = new Store<Talk>(EMPTY);
  private readonly kept = new Map<string, Thread>();
  private fresh: ChatEvent[] = [];
  /** Up to where the agent had seen the chat when they last pressed a key. */
  private seen = 0;
  private viewing: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly base: Base,
    readonly drafts: Drafts,
  ) {
    base.listen((heard) => this.hear(heard));
    base.settle(() => this.settle());
  }

  get chat(): string | undefined {
    return this.talk.get().chat;
  }

  get ticket(): Ticket | undefined {
    return this.talk.get().thread?.ticket;
  }

  /** Puts a chat on the screen, in place of the one that is there. */
  open(chat: string, row?: Ticket): void {
    if (chat === this.chat && !this.talk.get().failed) return;
    this.leave();
    const known = this.kept.get(chat);
    const pending = this.talk.get().pending;
    this.talk.set({ ...EMPTY, pending, chat, ...(known && { thread: known }) });
    this.seen = known?.position ?? 0;
    this.view(chat);
    void (known ? this.follow(chat, known.position) : this.load(chat, row));
  }

  /** Shows no chat. */
  leave(): void {
    const { chat, thread, pending } = this.talk.get();
    clearInterval(this.viewing);
    if (chat === undefined) return;
    this.base.link.signal({ op: "view", chat, on: false });
    this.base.link.typing(chat, false);
    this.base.request("chat.leave", { chat }).catch(() => undefined);
    if (thread) this.keep(thread);
    this.talk.set({ ...EMPTY, pending });
  }

  /** Gets what was said before what is shown. */
  async earlier(): Promise<void> {
    const { chat, thread, loadingMore } = this.talk.get();
    if (!chat || !thread?.more || loadingMore) return;
    this.talk.update((talk) => ({ ...talk, loadingMore: true }));
    try {
      const asked = { chat, before: thread.first, limit: PAGE };
      const { events, more } = pageOf(await this.base.request("chat.history", asked));
      this.change(chat, (now) => paged(now, events, more));
    } catch {
      // It stays as it is, and the next scroll tries again.
    }
    this.talk.update((talk) => ({ ...talk, loadingMore: false }));
  }

  /** Notes that a key was pressed: from now on what is shown counts as seen. */
  touch(chat: string, note: boolean): void {
    this.seen = this.talk.get().thread?.position ?? 0;
    if (this.ticket?.channel === "chat" || note)
      this.base.link.typing(chat, true, note);
  }

  /** Says that all that is shown was read. */
  read(): void {
    const { chat, thread } = this.talk.get();
    if (!chat || !thread || thread.position === 0) return;
    this.base.link.read(chat, thread.position);
  }

  /** Forgets what was written in a chat that was erased, and what was about to be. */
  forget(chat: string): void {
    this.kept.delete(chat);
    this.drafts.put(chat, { text: "", note: false });
    this.talk.update(({ guard, pending, ...talk }) => ({
      ...talk,
      ...(guard && talk.chat !== chat && { guard }),
      pending: pending.filter((each) => each.chat !== chat),
    }));
  }

  /** Returns up to where a chat has been shown; 0 if it is not known. */
  shownTo(chat: string): number {
    const thread = chat === this.chat ? this.talk.get().thread : this.kept.get(chat);
    return thread?.position ?? 0;
  }

  /** Returns whether anything of a chat is kept that is not on the screen. */
  keeps(chat: string): boolean {
    return chat !== this.chat && (this.kept.has(chat) || this.drafts.has(chat));
  }

  /** Returns whether a chat has been erased, as far as it can be known now. */
  async isErased(chat: string): Promise<boolean> {
    const asked = { chat, before: END, limit: 1 };
    const { events } = pageOf(await this.base.request("chat.history", asked));
    return events.at(-1)?.kind === "erased";
  }

  /** Says something; it is shown at once, and is sent when it can be. */
  async say(saying: Saying, head = this.seen || this.position): Promise<void> {
    const { chat } = this;
    if (!chat) return;
    this.base.link.typing(chat, false);
    const note = saying.note ?? false;
    const asked = note
      ? this.base.link.request("note.add", { chat, text: saying.text })
      : this.base.link.request("msg.send", {
          chat,
          ...(saying.text && { text: saying.text }),
          ...(saying.blobs?.length && { blobs: saying.blobs }),
          ...(saying.macro && { macro: saying.macro }),
          ...(saying.hold && { hold: true }),
          ...(head > 0 && { if_head: head }),
        });
    this.add({
      id: asked.id,
      chat,
      text: saying.text,
      blobs: saying.blobs ?? [],
      note,
      hold: saying.hold ?? false,
      ...(saying.macro && { macro: saying.macro }),
      at: this.base.now(),
    });
    try {
      const { seq } = await asked.done;
      this.seen = Math.max(this.seen, typeof seq === "number" ? seq : 0);
      // Behind the event that takes its place, so that it never flickers.
      this.base.after(() => this.drop(asked.id));
    } catch (error) {
      this.refused(asked.id, chat, saying, error);
    }
  }

  /** Tries again what was refused. */
  retry(id: string): void {
    const failed = this.talk.get().pending.find((each) => each.id === id);
    if (!failed) return;
    this.drop(id);
    void this.say(failed, this.position);
  }

  drop(id: string): void {
    this.talk.update((talk) => ({
      ...talk,
      pending: talk.pending.filter((each) => each.id !== id),
    }));
  }

  /** Sends what was held back, now that it is known what came in between. */
  confirm(): void {
    const { guard } = this.talk.get();
    if (!guard) return;
    this.release();
    void this.say(guard.saying, Math.max(guard.head, this.position));
  }

  /** Gives what was held back up; its text goes back to where it was written. */
  release(): void {
    this.talk.update((talk) => {
      const { guard: _, ...rest } = talk;
      return rest;
    });
    this.seen = this.position;
  }

  private get position(): number {
    return this.talk.get().thread?.position ?? 0;
  }

  private refused(id: string, chat: string, saying: Saying, error: unknown): void {
    const code = codeOf(error);
    if (code === "stale_head" && this.chat === chat) {
      this.drop(id);
      const details = detailsOf(error);
      const events = (details["events"] as ChatFrame[] | undefined) ?? [];
      const head = Math.max(0, ...events.map((event) => event.seq));
      this.talk.update((talk) => ({ ...talk, guard: { saying, events, head } }));
      return;
    }
    this.talk.update((talk) => ({
      ...talk,
      pending: talk.pending.map((each) =>
        each.id === id ? { ...each, failed: code } : each,
      ),
    }));
  }

  private add(pending: Pending): void {
    this.talk.update((talk) => ({ ...talk, pending: [...talk.pending, pending] }));
  }

  private async load(chat: string, row?: Ticket): Promise<void> {
    try {
      const asked = { chat, before: END, limit: FIRST_PAGE };
      const { events, more } = pageOf(await this.base.request("chat.history", asked));
      if (this.chat !== chat) return;
      if (row) this.show(paged(openedThread(row), events, more));
      const after = events.at(-1)?.seq ?? 0;
      await this.follow(chat, after, (ticket) =>
        paged(openedThread(ticket), events, more),
      );
    } catch (error) {
      this.fail(chat, error);
    }
  }

  private async follow(
    chat: string,
    after: number,
    begin?: (ticket: Ticket) => Thread,
  ): Promise<void> {
    try {
      const { epoch } = this.base.link.session;
      const asked = { chat, after, ...(epoch && after > 0 && { epoch }) };
      const answer = await this.base.request("chat.open", asked);
      if (this.chat !== chat) return;
      const ticket = answer["ticket"] as Ticket;
      // Before its events, which wait for the next frame of the screen.
      this.change(chat, (thread) => ({ ...thread, ticket }), begin?.(ticket));
      this.view(chat);
    } catch (error) {
      this.fail(chat, error);
    }
  }

  private fail(chat: string, error: unknown): void {
    if (this.chat !== chat) return;
    const failed = codeOf(error);
    this.talk.update((talk) => ({ ...talk, failed }));
  }

  private show(thread: Thread): void {
    this.talk.update((talk) => ({ ...talk, thread }));
    this.seen = thread.position;
  }

  private change(
    chat: string,
    change: (thread: Thread) => Thread,
    otherwise?: Thread,
  ): void {
    const { thread } = this.talk.get();
    if (this.chat !== chat) return;
    if (thread) this.talk.update((talk) => ({ ...talk, thread: change(thread) }));
    else if (otherwise) this.show(otherwise);
  }

  private view(chat: string): void {
    clearInterval(this.viewing);
    const say = () => this.base.link.signal({ op: "view", chat, on: true });
    say();
    // The broker forgets it after 15 seconds.
    this.viewing = setInterval(say, VIEW_MS);
  }

  private keep(thread: Thread): void {
    this.kept.delete(thread.chat);
    this.kept.set(thread.chat, thread);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(oldest);
    }
  }

  private hear(heard: Heard): void {
    const { chat } = this;
    switch (heard.type) {
      case "event":
        if (heard.event.chat === chat) this.fresh.push(heard.event);
        break;
      case "live":
        this.change(heard.chat, (thread) => ({ ...thread, live: true }));
        break;
      case "eph":
        if (heard.eph.chat === chat) this.sign(heard.eph);
        break;
      case "resynced":
        this.kept.delete(heard.chat);
        this.change(heard.chat, restarted);
        break;
      case "vanished":
        if (heard.chat === chat)
          this.talk.update((t) => ({ ...t, failed: "not_found" }));
        break;
      case "welcome":
        if (chat !== undefined) this.view(chat);
        break;
      case "cut":
        this.talk.update((talk) => ({ ...talk, signs: [] }));
        break;
      default:
        break;
    }
  }

  private sign(eph: { by: string; what: string; on: boolean; note?: boolean }): void {
    const now = Date.now();
    this.talk.update((talk) => ({ ...talk, signs: signed(talk.signs, eph, now) }));
  }

  /** Forgets those of whom nothing was heard for long; called every second. */
  expire(): void {
    this.talk.update((talk) => {
      const signs = fresh(talk.signs, Date.now());
      return signs === talk.signs ? talk : { ...talk, signs };
    });
  }

  private settle(): void {
    const events = this.fresh;
    if (events.length === 0) return;
    this.fresh = [];
    const { chat, thread } = this.talk.get();
    const own = events.filter((event) => event.chat === chat);
    if (!thread || own.length === 0) return;
    this.talk.update((talk) => ({
      ...talk,
      thread: appended(thread, own),
      signs: own.reduce((signs, event) => spoken(signs, event.by), talk.signs),
    }));
    const said = own.findLast((event) => event.kind === "msg" && isOutside(event.by));
    if (said && chat) this.base.link.got(chat, said.seq);
  }
}

function pageOf(answer: Record<string, unknown>): {
  events: ChatEvent[];
  more: boolean;
} {
  return { events: answer["events"] as ChatEvent[], more: answer["more"] === true };
}
