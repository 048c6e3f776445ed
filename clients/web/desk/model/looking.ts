/** Looking around: who the shopper is, what they did, what was said elsewhere, macros. */

import type { Heard } from "../../shared/protocol/link";
import { Store } from "../state/store";
import type { Macro, Status, Channel } from "../state/ticket";
import { type Base, codeOf, detailsOf } from "./base";

/** A ticket of the person's, in a line. */
export interface Conversation {
  chat: string;
  channel: Channel;
  status: Status;
  preview: string;
  opened_at: number;
  last_at: number;
  closed_at?: number;
}

export interface Profile {
  id: string;
  name?: string;
  email?: string;
  phone?: string;
  place?: string;
  language?: string;
  segment?: string;
  customer_since?: number;
  orders?: number;
  spent?: string | number;
  last_order?: { number?: string; status?: string; total?: string; url?: string };
  tags?: readonly string[];
  open_tickets: readonly Conversation[];
  previous_chats: readonly Conversation[];
}

export interface Happening {
  id: string;
  kind: string;
  at: number;
  data: Record<string, unknown>;
}

export interface Person {
  chat?: string;
  profile?: Profile;
  stale: boolean;
  events: readonly Happening[];
  more: boolean;
  failed?: string;
}

export interface Hit {
  chat: string;
  seq: number;
  at: number;
  by: string;
  kind: string;
  name: string;
  status: Status;
  channel: Channel;
  assignee: string | null;
  snippet: readonly string[];
}

export interface Search {
  q: string;
  hits: readonly Hit[];
  cursor?: string;
  busy: boolean;
  failed?: string;
}

const NOBODY: Person = { stale: false, events: [], more: false };
const EVENTS = 30;
const HITS = 30;
/** Waits for the next key before it asks. */
const STILL_MS = 180;

export class Looking {
  readonly person = new Store<Person>(NOBODY);
  readonly macros = new Store<readonly Macro[]>([]);
  readonly search = new Store<Search | undefined>(undefined);
  private macrosAt = 0;
  private typed: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly base: Base) {
    base.listen((heard) => this.hear(heard));
  }

  /** Shows who the person in a chat is. */
  async who(chat: string | undefined): Promise<void> {
    if (chat === this.person.get().chat) return;
    this.person.set(chat === undefined ? NOBODY : { ...NOBODY, chat });
    if (chat !== undefined) await this.lookUp(chat);
  }

  async lookUp(chat: string): Promise<void> {
    try {
      const [known, did] = await Promise.all([
        this.base.request("profile.get", { chat }),
        this.base.request("profile.events", { chat, limit: EVENTS }),
      ]);
      if (this.person.get().chat !== chat) return;
      this.person.set({
        chat,
        profile: known["profile"] as Profile,
        stale: known["stale"] === true,
        events: did["events"] as Happening[],
        more: did["more"] === true,
      });
    } catch (error) {
      if (this.person.get().chat !== chat) return;
      this.person.update((person) => ({ ...person, failed: codeOf(error) }));
    }
  }

  async moreEvents(): Promise<void> {
    const { chat, events, more } = this.person.get();
    const last = events.at(-1);
    if (!chat || !last || !more) return;
    const before = { at: last.at, id: last.id };
    const page = await this.base
      .request("profile.events", { chat, before, limit: EVENTS })
      .catch(() => undefined);
    if (!page || this.person.get().chat !== chat) return;
    this.person.update((person) => ({
      ...person,
      events: [...person.events, ...(page["events"] as Happening[])],
      more: page["more"] === true,
    }));
  }

  /** Gets the macros, unless they were got a moment ago. */
  async loadMacros(): Promise<void> {
    if (Date.now() - this.macrosAt < MACROS_MS) return;
    this.macrosAt = Date.now();
    const answer = await this.base.request("macro.list").catch(() => undefined);
    if (answer) this.macros.set(answer["macros"] as Macro[]);
    else this.macrosAt = 0;
  }

  /** Returns a macro filled in, or the names of what it lacks. */
  async render(
    chat: string,
    macro: string,
    vars: Record<string, string>,
  ): Promise<{ text: string } | { missing: readonly string[] } | { failed: string }> {
    try {
      const answer = await this.base.request("macro.render", { chat, macro, vars });
      return { text: String(answer["text"]) };
    } catch (error) {
      const code = codeOf(error);
      if (code !== "macro_missing_var") return { failed: code };
      return { missing: (detailsOf(error)["names"] as string[] | undefined) ?? [] };
    }
  }

  /** Looks for words in all chats, as soon as the typing pauses. */
  find(q: string): void {
    clearTimeout(this.typed);
    if (q.trim() === "") {
      this.search.set(undefined);
      return;
    }
    const before = this.search.get();
    this.search.set({ q, hits: before?.hits ?? [], busy: true });
    this.typed = setTimeout(() => void this.ask(q), STILL_MS);
  }

  /** Forgets what was found in a chat that was erased, and who had written there. */
  forget(chat: string): void {
    const search = this.search.get();
    const hits = search?.hits.filter((hit) => hit.chat !== chat);
    if (search && hits) this.search.set({ ...search, hits });
    // They are themselves forgotten after their chats: nobody is asked about them yet.
    const { chat: shown, profile } = this.person.get();
    if (shown !== chat || !profile) return;
    const nothing = { open_tickets: [], previous_chats: [] };
    this.person.set({ ...NOBODY, chat, profile: { id: profile.id, ...nothing } });
  }

  /** Returns hits for the palette; nothing is kept. */
  async glance(q: string): Promise<readonly Hit[]> {
    const answer = await this.base
      .request("search", { q, limit: 8 })
      .catch(() => undefined);
    return (answer?.["hits"] as Hit[] | undefined) ?? [];
  }

  async moreHits(): Promise<void> {
    const search = this.search.get();
    if (!search?.cursor || search.busy) return;
    this.search.set({ ...search, busy: true });
    await this.ask(search.q, search.cursor);
  }

  private async ask(q: string, cursor?: string): Promise<void> {
    const mine = () => this.search.get()?.q === q;
    try {
      const asked = { q, limit: HITS, ...(cursor && { cursor }) };
      const answer = await this.base.request("search", asked);
      if (!mine()) return;
      const hits = answer["hits"] as Hit[];
      const next = answer["cursor"] as string | undefined;
      const before = cursor ? (this.search.get()?.hits ?? []) : [];
      this.search.set({
        q,
        hits: [...before, ...hits],
        busy: false,
        ...(next && { cursor: next }),
      });
    } catch (error) {
      if (mine()) this.search.set({ q, hits: [], busy: false, failed: codeOf(error) });
    }
  }

  private hear(heard: Heard): void {
    if (heard.type === "welcome") {
      const { chat } = this.person.get();
      // What happened while we were away came to nobody.
      if (chat !== undefined) void this.lookUp(chat);
    }
    if (heard.type !== "push" || heard.kind !== "profile_event") return;
    const event = heard.push["event"] as Happening;
    this.person.update((person) => {
      if (person.chat !== heard.push["chat"]) return person;
      if (person.events.some((each) => each.id === event.id)) return person;
      const events = [event, ...person.events].toSorted((a, b) => b.at - a.at);
      return { ...person, events };
    });
  }
}

const MACROS_MS = 60_000;
