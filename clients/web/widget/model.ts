/**
 * What the widget does: it hears the broker and the person, and changes the state.
 *
 * The parts in `parts/` show the state and call these methods; nothing else does.
 */

import {
  Gallery,
  imagesIn,
  MOST_PER_MESSAGE,
  unfit,
  upload,
} from "../shared/images/images";
import type { Config, Event, Reply } from "../shared/protocol/frames";
import { Link, Refused, type Cut, type Heard } from "../shared/protocol/link";
import { browser } from "../shared/protocol/surroundings";
import { SUBPROTOCOL } from "../shared/protocol/frames";
import type { Token } from "../shared/protocol/token";
import { TypingIn } from "../shared/protocol/typing";
import {
  applied,
  EMPTY,
  failed,
  head,
  sending,
  settled,
  staff,
  unread,
  type Pending,
} from "../shared/thread/thread";
import type { Later } from "../shared/chunk";
import { speechIn } from "./language";
import { Memory } from "./memory";
import type { Options, Theme, Told } from "./options";
import { chime } from "./sound";
import { faqOf, nameOf, START, type Attachment, type State } from "./state";
import { Tabs } from "./tabs";

/** A cut that is mended sooner is nobody's business. */
const OFFLINE_MS = 2500;
const NAME = "shopwire-widget";
/** Bytes of one text that any broker takes; `welcome.limits` says it exactly. */
const TEXT_BYTES = 8192;

export class Model {
  state: State = START;
  readonly memory: Memory;
  readonly gallery: Gallery;
  private readonly world = browser(SUBPROTOCOL);
  private readonly tabs: Tabs;
  private readonly typingIn: TypingIn;
  private readonly api: string;
  private link: Link | undefined;
  private textBytes = TEXT_BYTES;
  private uploads = new Map<number, { cancel(): void; file: File }>();
  private made = 0;
  /** Whether the person has the end of the thread before their eyes. */
  private looking = false;
  private lastUnread = 0;

  constructor(
    /** Where the broker is, as `https://host/`. */
    base: string,
    public options: Options,
    readonly later: Later,
    private readonly changed: () => void,
    readonly tell: (what: Told, about?: unknown) => void,
  ) {
    this.api = new URL(".", base).href.replace(/\/$/, "");
    this.memory = new Memory(options.site);
    this.gallery = new Gallery(
      this.api,
      () => this.link?.bearer() ?? Promise.resolve(""),
    );
    this.typingIn = new TypingIn(this.world, () =>
      this.set({ typing: this.typingIn.now }),
    );
    this.tabs = new Tabs(options.site, {
      began: (chat) => this.openChat(chat),
      left: () => void this.logout(false),
    });
  }

  // Coming and going.

  /** Connects, as who the options say. */
  start(): void {
    const tab = this.memory.tab();
    const own = this.memory.own();
    this.set({
      open: tab.open ?? false,
      draft: tab.draft ?? "",
      faqs: tab.faqs ?? [],
      asking: tab.asking ?? false,
      sound: own.sound ?? false,
      theme: this.themed(),
    });
    this.speak();
    // A visitor who has talked and comes back signed in is first the visitor again, so
    // that what was said goes with them.
    const talked = own.anon !== undefined && (tab.chat ?? "") !== "";
    const joins = this.options.token !== undefined && talked;
    this.connect(joins ? undefined : this.options.token);
    if (joins) void this.identify(this.options.token);
  }

  private connect(token: Token): void {
    this.link?.close();
    const link: Link = new Link({
      url: `${this.api.replace(/^http/, "ws")}/ws`,
      token,
      anon: this.memory.own().anon,
      site: this.options.site,
      client: { name: NAME, version: __VERSION__ },
      hear: (heard) => {
        if (this.link === link) this.hear(heard);
      },
    });
    this.link = link;
    link.start();
    this.set({ link: link.state });
  }

  /** Says who is signed in. */
  async identify(token: Token): Promise<void> {
    this.options = { ...this.options, token };
    try {
      await this.link?.identify(token);
    } catch (error) {
      if (error instanceof Refused && error.code === "conflict") {
        // Somebody else was signed in here before.
        this.leave();
        this.connect(token);
      } else {
        this.tell("error", {
          code: error instanceof Refused ? error.code : "auth_failed",
        });
      }
    }
  }

  /** Forgets who was signed in, and all that was said. */
  async logout(tellTabs = true): Promise<void> {
    this.leave();
    if (tellTabs) this.tabs.left();
    this.options = { ...this.options, token: undefined };
    await forgetEmojiOf(this.later);
    this.connect(undefined);
  }

  private leave(): void {
    this.link?.close();
    this.link = undefined;
    this.memory.clear();
    this.gallery.clear();
    this.typingIn.clear();
    for (const { cancel } of this.uploads.values()) cancel();
    this.uploads.clear();
    const { say, open, theme } = this.state;
    this.set({ ...START, say, open, theme });
  }

  destroy(): void {
    this.link?.close();
    this.link = undefined;
    this.gallery.clear();
    this.tabs.close();
  }

  /** The network or the person is back. */
  wake(): void {
    const link = this.link;
    // The server closes the oldest of many windows; this one is looked at now.
    if (link?.state === "over" && this.state.ended === 4009) link.start();
    else link?.wake();
    if (link?.state === "online") this.set({ offline: false });
  }

  /** The browser says that there is no network, or that there is one again. */
  setNetwork(there: boolean): void {
    if (there) this.wake();
    else if (this.state.known) this.set({ offline: true });
  }

  /** Connects again, since the person asks for it. */
  reconnect(): void {
    this.connect(this.options.token);
  }

  // What the broker says.

  private hear(heard: Heard): void {
    switch (heard.type) {
      case "welcome":
        this.welcomed(heard.welcome);
        break;
      case "event":
        this.happened(heard.event);
        break;
      case "live":
        this.set({ thread: { ...this.state.thread, live: true }, opening: false });
        this.look();
        break;
      case "eph":
        if (heard.eph.by !== this.state.who) this.typingIn.take(heard.eph);
        break;
      case "push":
        this.noticed(heard.kind, heard.push);
        break;
      case "resynced":
        this.set({ thread: { ...EMPTY, pending: this.state.thread.pending } });
        break;
      case "vanished":
        this.newChat();
        break;
      case "cut":
        this.cut(heard);
    }
    if (this.link && this.link.state !== this.state.link) {
      this.set({ link: this.link.state });
    }
  }

  private welcomed(welcome: Extract<Heard, { type: "welcome" }>["welcome"]): void {
    const first = !this.state.known;
    if (welcome.anon) this.memory.setOwn({ anon: welcome.anon });
    this.textBytes = welcome.limits["text_bytes"] ?? TEXT_BYTES;
    this.set({
      link: "online",
      known: true,
      offline: false,
      who: welcome.who,
      role: welcome.role,
      ended: 0,
    });
    if (welcome.config) this.configured(welcome.config);
    const kept = this.memory.tab().chat;
    const chat = welcome.chat ?? (first ? kept : undefined);
    if (chat) this.openChat(chat);
    if (first) {
      this.sendAgain();
      this.tell("ready", { role: welcome.role });
    }
    this.tell("status", { connected: true });
  }

  private configured(config: Config): void {
    this.set({ config, theme: this.themed(config) });
    this.speak();
  }

  /** What the shop's page gives wins over its settings. */
  private themed(config?: Config): Theme {
    const { theme, name } = this.options;
    return { ...config?.theme, ...theme, ...(name ? { name } : {}) } as Theme;
  }

  private speak(): void {
    const wanted = [
      this.options.locale,
      document.documentElement.lang,
      this.state.config?.locale,
      ...navigator.languages,
    ];
    speechIn(wanted, this.later).then(
      (say) => this.set({ say }),
      () => undefined,
    );
  }

  /** Follows `chat`, from its beginning. */
  private openChat(chat: string): void {
    const { thread } = this.state;
    if (!this.link || (thread.chat === chat && this.link.session.follows(chat))) return;
    this.memory.setTab({ chat });
    this.set({ opening: true, thread: { ...EMPTY, chat, pending: thread.pending } });
    this.link.request("chat.open", { chat, after: 0 }).done.catch(() => this.newChat());
  }

  private happened(event: Event): void {
    const before = this.state.thread;
    if (before.chat !== undefined && before.chat !== event.chat) return;
    const thread = applied(before, event);
    this.set({ thread });
    if (before.chat === undefined) {
      this.memory.setTab({ chat: event.chat });
      this.tabs.began(event.chat);
    }
    if (event.kind === "msg") this.typingIn.spoke(event.by);
    if (event.kind === "closed") this.set({ ahead: undefined, ending: false });
    if (event.kind === "rated") this.set({ askRating: false });
    const theirs = event.kind === "msg" && staff(event.by);
    if (theirs && before.live) this.arrived(event);
    this.look();
    // Receipts are not received in turn: that would never end.
    const { seen } = this.state;
    const receipt = event.kind === "read" || event.kind === "got";
    if (!receipt && event.seq > seen) this.link?.got(event.chat, event.seq);
  }

  /** Draws attention to a message that has just come. */
  private arrived(event: Event): void {
    if (event.body["auto"] === "welcome") return;
    const { state } = this;
    const text = String(event.body["text"] ?? "") || state.say.say("image");
    const name = nameOf(state, event.by);
    this.set({ announced: state.say.say("says", { name, text }), ahead: undefined });
    const before = state.open && this.looking && document.visibilityState === "visible";
    if (state.sound && !before) chime();
    if (!state.open) this.set({ preview: event.seq });
    this.tell("message", { by: name, text, at: event.at });
  }

  private noticed(kind: string, push: Record<string, unknown>): void {
    if (kind === "config") this.configured(push["config"] as Config);
    if (push["chat"] !== undefined && push["chat"] !== this.state.thread.chat) return;
    if (kind === "queue") {
      const ahead = push["ahead"] as number;
      this.set({ ahead: push["position"] === 0 ? undefined : ahead });
    }
    if (kind === "rate_ask" && !this.state.thread.rated) this.set({ askRating: true });
  }

  private cut({ code, final }: Cut): void {
    this.typingIn.clear();
    this.set({ link: final ? "over" : "waiting", ended: final ? code : 0 });
    this.tell("status", { connected: false });
    if (final) {
      this.set({ offline: false });
      if (code === 4001) this.tell("error", { code: "auth_failed" });
      return;
    }
    this.world.after(OFFLINE_MS, () => {
      if (this.link?.state !== "online" && this.state.link !== "over") {
        this.set({ offline: true });
      }
    });
  }

  // Questions and answers.

  async pick(faq: string): Promise<void> {
    const faqs = [...this.state.faqs.filter((one) => one !== faq), faq].slice(-50);
    try {
      const reply = await this.asked("faq.pick", { faq });
      const { question, answer } = reply as unknown as {
        question: string;
        answer: string;
      };
      this.memory.setTab({ faqs });
      this.set({ faqs, answer: { faq, question, answer }, notice: undefined });
      this.set({ announced: answer });
    } catch (error) {
      if (!(error instanceof Refused)) return;
      const list = error.refusal["faq"] as Config["faq"] | undefined;
      const { config } = this.state;
      if (config && list) this.set({ config: { ...config, faq: list } });
      this.set({ notice: this.state.say.say("faqGone") });
    }
  }

  async helped(helped: boolean): Promise<void> {
    const { answer } = this.state;
    if (answer) this.set({ answer: { ...answer, helped } });
    if (!helped) await this.goOn();
    else await this.asked("faq.done", { helped }).catch(() => undefined);
  }

  /** Back to the list of questions. */
  questions(): void {
    this.memory.setTab({ asking: false });
    this.set({ answer: undefined, asking: false, notice: undefined });
  }

  /** From the questions to writing. */
  async goOn(): Promise<void> {
    this.memory.setTab({ asking: true });
    this.set({ asking: true, answer: undefined, notice: undefined });
    if (!this.state.config || faqOf(this.state.config).length === 0) return;
    const reply = await this.asked("faq.done", { helped: false }).catch(
      () => undefined,
    );
    const welcome = reply?.["welcome"];
    if (typeof welcome === "string") this.set({ welcome });
  }

  // Writing.

  setDraft(draft: string): void {
    this.set({ draft, notice: undefined });
    this.memory.setTab({ draft });
    const { chat, closed } = this.state.thread;
    if (chat !== undefined && !closed) this.link?.typing(chat, draft.trim() !== "");
  }

  /** Sends what is in the composer; returns whether it could. */
  send(): boolean {
    const { draft, attachments, say, config, thread, accepted } = this.state;
    const blobs = attachments.flatMap(({ blob }) => (blob === undefined ? [] : [blob]));
    if (draft.trim() === "" && blobs.length === 0) return false;
    if (blobs.length < attachments.length) return false;
    if (new TextEncoder().encode(draft).length > this.textBytes) {
      this.set({ notice: say.say("tooLong"), announced: say.say("tooLong") });
      return false;
    }
    if (!thread.chat && config?.legal?.ack_required && !accepted) {
      this.set({ notice: say.say("ackMissing"), announced: say.say("ackMissing") });
      return false;
    }
    this.say(draft, blobs);
    for (const { address } of attachments) URL.revokeObjectURL(address);
    this.set({ draft: "", attachments: [], notice: undefined });
    this.memory.setTab({ draft: "" });
    return true;
  }

  /** Asks for a person instead of the bot. */
  askForPerson(): void {
    this.say(this.state.say.say("personAsked"), []);
  }

  private say(text: string, blobs: readonly string[]): void {
    const at = this.link?.now() ?? this.world.now();
    this.attempt({ id: this.world.newId(), text, blobs, at });
    const { chat } = this.state.thread;
    if (chat !== undefined) this.link?.typing(chat, false);
    this.set({ asking: true });
  }

  /** Tries to send a message, the first time or again. */
  private attempt(pending: Pending): void {
    const { thread, accepted, faqs } = this.state;
    const { id, text, blobs } = pending;
    const said = { ...(text ? { text } : {}), ...(blobs.length > 0 ? { blobs } : {}) };
    this.keepPending(sending(thread, pending));
    const request = thread.chat
      ? this.link?.request("msg.send", { chat: thread.chat, ...said }, id)
      : this.link?.request(
          "chat.start",
          {
            ...said,
            ...(faqs.length > 0 && { faqs }),
            ...(accepted && { legal_ack: true }),
          },
          id,
        );
    request?.done.then(
      (reply) => this.arrivedThere(id, reply),
      (error: unknown) => this.notSent(id, error),
    );
  }

  private arrivedThere(id: string, reply: Reply): void {
    const thread = settled(this.state.thread, id);
    // A chat that has just begun has no past to wait for.
    this.keepPending(reply.existing === false ? { ...thread, live: true } : thread);
    if (reply.existing && reply.chat) this.openChat(reply.chat);
  }

  private notSent(id: string, error: unknown): void {
    if (!(error instanceof Refused)) return;
    const { thread, say } = this.state;
    this.keepPending(failed(thread, id, error.code));
    this.set({ announced: say.say("failed") });
    if (error.code === "login_required") this.tell("signin");
    this.tell("error", { code: error.code });
  }

  /** Sends a failed message once more, to a new chat if its own has ended. */
  tryAgain(id: string): void {
    const pending = this.state.thread.pending.find((one) => one.id === id);
    if (!pending) return;
    if (this.state.thread.closed) {
      this.newChat();
      this.set({ asking: true });
      return;
    }
    const { failed: _, ...again } = pending;
    this.attempt(again);
  }

  discard(id: string): void {
    this.keepPending(settled(this.state.thread, id));
  }

  /** Tries what an earlier page of this tab could not finish, under the same ids. */
  private sendAgain(): void {
    for (const pending of this.memory.tab().pending ?? []) {
      if (pending.failed === undefined) this.attempt(pending);
    }
  }

  private keepPending(thread: State["thread"]): void {
    this.set({ thread });
    this.memory.setTab({ pending: [...thread.pending] });
  }

  // Images.

  take(transfer: DataTransfer | null): boolean {
    const files = imagesIn(transfer);
    if (files.length > 0) this.attach(files);
    return files.length > 0;
  }

  attach(files: readonly File[]): void {
    const { say } = this.state;
    this.set({ notice: undefined });
    let room = MOST_PER_MESSAGE - this.state.attachments.length;
    for (const file of files) {
      const wrong = unfit(file);
      const { name } = file;
      if (wrong) {
        const key = (
          { kind: "imageKind", size: "imageSize", empty: "imageEmpty" } as const
        )[wrong];
        this.complain(say.say(key, { name }));
      } else if (room <= 0) {
        this.complain(say.say("imagesMost", { n: MOST_PER_MESSAGE }));
      } else {
        room -= 1;
        void this.upload(file);
      }
    }
  }

  private async upload(file: File): Promise<void> {
    const key = (this.made += 1);
    const address = URL.createObjectURL(file);
    const { name } = file;
    const attachments = [...this.state.attachments, { key, name, address, share: 0 }];
    this.set({ attachments });
    const { chat } = this.state.thread;
    const site = encodeURIComponent(this.options.site);
    const place = chat ? `chats/${encodeURIComponent(chat)}` : `sites/${site}`;
    try {
      const bearer = (await this.link?.bearer()) ?? "";
      const { done, cancel } = upload(
        `${this.api}/v1/${place}/blobs`,
        file,
        bearer,
        (share) => this.attachment(key, { share }),
      );
      this.uploads.set(key, { cancel, file });
      const blob = await done;
      this.gallery.keep(blob, file);
      this.attachment(key, { share: 1, blob });
    } catch {
      const there = this.state.attachments.some((one) => one.key === key);
      this.detach(key);
      if (there) this.complain(this.state.say.say("imageFailed", { name }));
    }
    this.uploads.delete(key);
  }

  detach(key: number): void {
    this.uploads.get(key)?.cancel();
    const attachments = this.state.attachments.filter((one) => one.key !== key);
    this.set({ attachments });
  }

  private attachment(key: number, changed: Partial<Attachment>): void {
    const attachments = this.state.attachments.map((one) =>
      one.key === key ? { ...one, ...changed } : one,
    );
    this.set({ attachments });
  }

  private complain(wrong: string): void {
    const { notice } = this.state;
    this.set({ notice: notice ? `${notice} ${wrong}` : wrong, announced: wrong });
  }

  // Reading.

  /** Learns whether the end of the thread is in view. */
  setLooking(looking: boolean): void {
    this.looking = looking;
    this.look();
  }

  /** Says that all is read, if it is: in view, in an open panel, on a visible page. */
  look(): void {
    const { thread, open, seen } = this.state;
    const last = head(thread);
    const sees = open && this.looking && document.visibilityState === "visible";
    if (sees && thread.chat !== undefined && last > seen) {
      this.set({ seen: last, preview: undefined });
      this.link?.read(thread.chat, last);
    }
  }

  /** How many messages wait to be read. */
  get unread(): number {
    const { thread, seen, who } = this.state;
    return unread(thread, Math.max(seen, thread.cursors[who]?.read ?? 0));
  }

  // The panel.

  show(open: boolean): void {
    if (open === this.state.open) return;
    this.set({ open, menu: false, ending: false, ...(open && { preview: undefined }) });
    this.memory.setTab({ open });
    this.tell(open ? "open" : "close");
    if (open) this.wake();
    this.look();
  }

  patch(
    changed: Pick<
      Partial<State>,
      "menu" | "ending" | "accepted" | "preview" | "notice"
    >,
  ): void {
    this.set(changed);
  }

  setSound(sound: boolean): void {
    this.memory.setOwn({ sound });
    this.set({ sound, menu: false });
    if (sound) chime();
  }

  signIn(): void {
    const { signIn } = this.options;
    this.tell("signin");
    if (typeof signIn === "function") signIn();
    else if (signIn) location.assign(signIn);
  }

  /** Whether the page has said how one signs in. */
  get canSignIn(): boolean {
    return this.options.signIn !== undefined;
  }

  // The end of a chat.

  end(): void {
    const { chat } = this.state.thread;
    this.set({ ending: false, menu: false });
    if (chat !== undefined) this.asked("chat.end", { chat }).catch(() => undefined);
  }

  /** Leaves an ended chat behind; what could not be said in it may be said in the next. */
  newChat(): void {
    const { chat, pending } = this.state.thread;
    const unsaid = pending
      .filter((one) => one.failed !== undefined)
      .map(({ text }) => text);
    const draft = [this.state.draft, ...unsaid]
      .filter((text) => text !== "")
      .join("\n");
    if (chat !== undefined && this.link?.session.follows(chat)) {
      this.link.request("chat.leave", { chat });
    }
    this.memory.setTab({ chat: "", faqs: [], asking: false, pending: [], draft });
    const fresh = { thread: EMPTY, draft, opening: false, seen: 0, ahead: undefined };
    const rest = { answer: undefined, faqs: [], asking: false, askRating: false };
    this.set({
      ...fresh,
      ...rest,
      accepted: false,
      notice: undefined,
      preview: undefined,
    });
  }

  async rate(score: number, text: string): Promise<void> {
    const { chat } = this.state.thread;
    const words = text.trim() === "" ? {} : { text: text.trim() };
    await this.asked("rate", { chat, score, ...words }).catch(() => undefined);
  }

  async answerHandoff(yes: boolean): Promise<void> {
    const { chat } = this.state.thread;
    try {
      await this.asked("handoff.answer", { chat, yes });
    } catch (error) {
      if (!(error instanceof Refused)) return;
      if (error.code === "login_required") {
        this.set({ signInFirst: true });
        this.tell("signin");
      } else if (error.code !== "conflict")
        this.complain(this.state.say.say("handoffFailed"));
    }
  }

  // Within.

  private asked(op: string, fields: object): Promise<Reply> {
    const asked = this.link?.request(op, fields as Record<string, unknown>);
    return asked?.done ?? Promise.reject(new Error("not connected"));
  }

  private set(changed: Partial<State>): void {
    this.state = { ...this.state, ...changed };
    const count = this.unread;
    if (count !== this.lastUnread) {
      this.lastUnread = count;
      this.tell("unread", count);
    }
    this.changed();
  }
}

/** Forgets which emoji were used, if anybody ever chose one. */
async function forgetEmojiOf(later: Later): Promise<void> {
  if (!later.has("emoji")) return;
  for (const language of ["en", "pl", "de"]) {
    indexedDB.deleteDatabase(`emoji-picker-element-${language}`);
  }
}
