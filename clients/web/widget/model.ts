/**
 * What the widget does: it hears the broker and the person, and changes the state.
 *
 * The parts in `parts/` show the state and call these methods; nothing else does.
 */

import { Gallery } from "../shared/images/images";
import type { Config, Event, Reply } from "../shared/protocol/frames";
import { Link, Refused, type Cut, type Heard } from "../shared/protocol/link";
import { browser } from "../shared/protocol/surroundings";
import { SUBPROTOCOL } from "../shared/protocol/frames";
import type { Token } from "../shared/protocol/token";
import { TypingIn } from "../shared/protocol/typing";
import { applied, EMPTY, head, staff, unread } from "../shared/thread/thread";
import type { Later } from "../shared/chunk";
import { speechIn } from "./language";
import { Attaching } from "./attaching";
import { Memory } from "./memory";
import type { Options, Theme, Told } from "./options";
import { Questions } from "./questions";
import { chime } from "./sound";
import { nameOf, START, type State } from "./state";
import { Tabs } from "./tabs";
import { Writing } from "./writing";

/** A cut that is mended sooner is nobody's business. */
const OFFLINE_MS = 2500;
const NAME = "shopwire-widget";
/** The close of somebody who was erased. */
const GONE = 4003;

export class Model {
  state: State = START;
  readonly memory: Memory;
  readonly gallery: Gallery;
  readonly questions = new Questions(this);
  readonly writing = new Writing(this);
  readonly images = new Attaching(this);
  readonly world = browser(SUBPROTOCOL);
  private readonly tabs: Tabs;
  private readonly typingIn: TypingIn;
  /** Where HTTP requests go. */
  readonly api: string;
  link: Link | undefined;
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
    this.images.clear();
    const { say, open, theme } = this.state;
    this.set({ ...START, say, open, theme });
  }

  destroy(): void {
    this.link?.close();
    this.link = undefined;
    this.gallery.clear();
    this.images.clear();
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
        this.forget();
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
    this.writing.textBytes = welcome.limits["text_bytes"] ?? this.writing.textBytes;
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
      this.writing.sendAgain();
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
  openChat(chat: string): void {
    const { thread } = this.state;
    if (!this.link || (thread.chat === chat && this.link.session.follows(chat))) return;
    this.memory.setTab({ chat });
    this.set({ opening: true, thread: { ...EMPTY, chat, pending: thread.pending } });
    this.link.request("chat.open", { chat, after: 0 }).done.catch((error: unknown) => {
      if (error instanceof Refused) this.forget();
      else this.newChat();
    });
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
    if (event.kind === "erased") this.forget(thread);
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
      // The broker knows the person no more; who comes next is somebody else.
      if (code === GONE && this.state.known) {
        this.memory.clear();
        this.forget(this.state.thread);
      }
      if (code === 4001) this.tell("error", { code: "auth_failed" });
      return;
    }
    this.world.after(OFFLINE_MS, () => {
      if (this.link?.state !== "online" && this.state.link !== "over") {
        this.set({ offline: true });
      }
    });
  }

  /** Says what went wrong with what the person is doing. */
  complain(wrong: string): void {
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
    if (open && this.state.ended === GONE) this.reconnect();
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
    if (this.state.ended === GONE) this.reconnect();
    else if (chat !== undefined && this.link?.session.follows(chat)) {
      this.link.request("chat.leave", { chat });
    }
    this.begin(draft);
  }

  /** Shows what there is before a chat, with `draft` to begin it. */
  private begin(draft: string): void {
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

  /** Forgets what was said and what was about to be; `thread` is what is shown. */
  private forget(thread = EMPTY): void {
    this.images.clear();
    this.gallery.clear();
    this.begin("");
    this.set({ thread, attachments: [], announced: "" });
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

  /** Asks the broker for something; the promise fails as `Link.request` says. */
  asked(op: string, fields: object): Promise<Reply> {
    const asked = this.link?.request(op, fields as Record<string, unknown>);
    return asked?.done ?? Promise.reject(new Error("not connected"));
  }

  /** Changes the state; it is drawn soon. */
  set(changed: Partial<State>): void {
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
