/** What the widget shows at one moment. Values, changed by `Model` alone. */

import type { LinkState } from "../shared/protocol/link";
import type { Config, Eph, Person, Seq } from "../shared/protocol/frames";
import type { Tick } from "../shared/thread/view";
import { EMPTY, type Thread } from "../shared/thread/thread";
import type { Theme } from "./options";
import { ENGLISH, type Key, type Say } from "./language";

export interface Answer {
  faq: string;
  question: string;
  answer: string;
  helped?: boolean;
}

/** An image that waits to be sent with the next message. */
export interface Attachment {
  key: number;
  name: string;
  /** `blob:`, to be shown. */
  address: string;
  /** How much has arrived, 0 to 1. */
  share: number;
  blob?: string;
}

export interface State {
  link: LinkState;
  /** Close code of a connection that is over. */
  ended: number;
  /** Whether it has been welcome since the page was loaded. */
  known: boolean;
  /** Not connected for long enough to say so. */
  offline: boolean;
  who: Person;
  role: string;
  config: Config | undefined;
  /** Of the shop's settings and its page; the page wins. */
  theme: Theme;
  open: boolean;
  say: Say;
  thread: Thread;
  /** Asked for, and not here yet. */
  opening: boolean;
  /** Read answers, the newest last; the one that is shown. */
  answer: Answer | undefined;
  faqs: readonly string[];
  /** Past the questions: the person wants to write. */
  asking: boolean;
  /** Our own welcome, from `faq.done`. */
  welcome: string | undefined;
  typing: readonly Eph[];
  /** How many wait before us, if the shop shows it. */
  ahead: number | undefined;
  draft: string;
  attachments: readonly Attachment[];
  accepted: boolean;
  /** Above the composer: what went wrong with what one is doing. */
  notice: string | undefined;
  /** How far the person has seen the thread here. */
  seen: Seq;
  sound: boolean;
  ending: boolean;
  menu: boolean;
  askRating: boolean;
  /** A person was asked for, and one has to sign in for that. */
  signInFirst: boolean;
  preview: Seq | undefined;
  /** What assistive technology is to say. */
  announced: string;
}

export const START: State = {
  link: "idle",
  ended: 0,
  known: false,
  offline: false,
  who: "",
  role: "",
  config: undefined,
  theme: {},
  open: false,
  say: ENGLISH,
  thread: EMPTY,
  opening: false,
  answer: undefined,
  faqs: [],
  asking: false,
  welcome: undefined,
  typing: [],
  ahead: undefined,
  draft: "",
  attachments: [],
  accepted: false,
  notice: undefined,
  seen: 0,
  sound: false,
  ending: false,
  menu: false,
  askRating: false,
  signInFirst: false,
  preview: undefined,
  announced: "",
};

/** Which page of the panel is shown. */
export type Screen = "loading" | "faq" | "answer" | "welcome" | "chat";

export function screenOf(state: State): Screen {
  if (!state.config || state.opening) return "loading";
  if (state.thread.events.length > 0 || state.thread.pending.length > 0) return "chat";
  if (state.answer) return "answer";
  return !state.asking && faqOf(state.config).length > 0 ? "faq" : "welcome";
}

/** Returns whether there is anything to show: a tab, or a chat that goes on without. */
export function isThere({ config, thread, open, link }: State): boolean {
  const running = thread.chat !== undefined && !thread.closed;
  if (!config) return open && link !== "over";
  return config.tab || running;
}

/** Returns the questions that have words. */
export function faqOf(config: Config): { id: string; question: string }[] {
  return (config.faq ?? []).flatMap((item) => (typeof item === "string" ? [] : [item]));
}

/** Returns whether the person may write: to a human, or to the bot. */
export function mayWrite(state: State): boolean {
  if (state.thread.closed || !state.config) return false;
  return state.thread.chat !== undefined || state.config.can_start || botFor(state);
}

function botFor({ config }: State): boolean {
  return config?.bot === true && config.enabled;
}

/** Returns whether the bot answers: a person may be asked for. */
export function withBot(state: State): boolean {
  const { thread } = state;
  if (!botFor(state) || thread.closed) return false;
  if (["accepted", "done"].includes(thread.handoff?.state ?? "")) return false;
  return !thread.events.some(
    ({ kind, by }) => kind === "msg" && by.startsWith("agent:"),
  );
}

/** Returns whether the shopper's message waits for its first human answer. */
export function waiting(state: State): boolean {
  const { thread } = state;
  if (thread.closed || withBot(state)) return false;
  const said = thread.events.filter(({ kind }) => kind === "msg");
  return (
    said.some(({ by }) => by === state.who || by.startsWith("anon:")) &&
    !said.some(({ by }) => by.startsWith("agent:"))
  );
}

/** Returns how `person` is called here. */
export function nameOf(state: State, person: Person): string {
  if (person === state.who) return state.say.say("you");
  if (person === "bot") return state.config?.bot_name ?? state.say.say("botName");
  if (!person.startsWith("agent:")) return shopName(state);
  return readableName(person.slice("agent:".length)) ?? state.say.say("team");
}

/** Returns an agent's id as a name, if it looks like one. */
function readableName(id: string): string | undefined {
  const [name = ""] = id.split("@");
  if (!/^\p{L}[\p{L} .'_-]*$/u.test(name)) return undefined;
  const words = name.split(/[ ._-]+/).filter(Boolean);
  return words
    .map((word) => word.charAt(0).toLocaleUpperCase() + word.slice(1))
    .join(" ");
}

export function shopName(state: State): string {
  return state.theme.name ?? state.say.say("shop");
}

/** Returns the line above the messages of a day. */
export function dayLine({ say }: State, at: number): string {
  return `${say.day(at, Date.now())} ${say.time(at)}`;
}

export const TICKS: Record<Tick, Key> = {
  sending: "sending",
  failed: "failed",
  sent: "sent",
  delivered: "delivered",
  seen: "seen",
};
