/**
 * What crosses the wire, as the protocol's sections 3 to 5 have it. Servers may be newer
 * than this: unknown fields are there and unread, unknown kinds come as they are.
 */

/** `shopper:…`, `anon:…`, `agent:…`, `bot` or `system`. */
export type Person = string;
export type ChatId = string;
/** UTC, in milliseconds since 1970. */
export type Millis = number;
export type Seq = number;
export type Role = "shopper" | "visitor" | "agent" | "admin";

/** What a frame says besides what it is. */
export type Fields = Record<string, unknown>;

/** A request: `id` is ours, and for a write the key under which a repeat is known. */
export interface Request extends Fields {
  op: string;
  id: string;
}

/** Something happened in a chat. */
export interface Event {
  chat: ChatId;
  seq: Seq;
  /** The event before it that our role may see, 0 if there is none. */
  prev: Seq;
  at: Millis;
  by: Person;
  kind: string;
  body: Fields;
}

export interface Welcome extends Fields {
  epoch: string;
  who: Person;
  role: Role;
  site: string;
  now: Millis;
  heartbeat_s: number;
  limits: Record<string, number>;
  /** The shopper's open chat. */
  chat?: ChatId | null;
  config?: Config;
  /** A visitor's secret, to be remembered: it is the visitor's only identity. */
  anon?: string;
}

export interface Reply extends Fields {
  re: string;
  chat?: ChatId;
  seq?: Seq;
  prev?: Seq;
  at?: Millis;
  dup?: boolean;
  existing?: boolean;
  body_differs?: boolean;
  head?: Seq;
}

export interface Refusal extends Fields {
  re: string;
  code: string;
  message?: string;
  retry?: boolean;
  chat?: ChatId;
  retry_ms?: number;
}

/** Somebody types, thinks or views, or no longer. */
export interface Eph {
  chat: ChatId;
  what: string;
  by: Person;
  on: boolean;
  note?: boolean;
}

export interface Closing {
  code: number;
  reason: string;
  reconnect_after_ms: number;
}

/** A shop's question with a ready answer; in lists the answer is left out. */
export interface Faq {
  id: string;
  question: string;
}

/** What a widget is told of its shop. */
export interface Config {
  enabled: boolean;
  /** Whether there is anything to show to this person. */
  tab: boolean;
  /** Whether a human may be reached. */
  can_start: boolean;
  login_status: string;
  faq?: readonly (Faq | string)[];
  welcome?: string;
  legal?: { terms_url?: string; privacy_url?: string; ack_required?: boolean };
  bot?: boolean;
  /** What the automatic assistant is called. */
  bot_name?: string;
  hours?: { open_now?: boolean; opens_at?: Millis; zone?: string };
  theme?: Record<string, string>;
  locale?: string;
  version?: number;
  team_online?: boolean;
  /** In how many seconds a first answer usually comes. */
  first_reply_s?: number;
}

/** Bodies of the kinds of event that are known here. */
export interface Bodies {
  opened: { profile: string; channel: string; previous?: ChatId };
  legal: { terms_url?: string; privacy_url?: string };
  faq: { faq: string; question: string; answer: string };
  msg: { text: string; blobs?: string[]; auto?: string; hold?: boolean };
  note: { text: string };
  read: { who: Person; upto: Seq };
  got: { who: Person; upto: Seq };
  status: { from: string; to: string; until?: Millis; why?: string };
  closed: { reason: string; no_csat?: boolean };
  assigned: { from: string | null; to: string | null; why: string };
  control: { from: string; to: string; why?: string };
  handoff: { target: string; state: string; ref?: string };
  checkin: { state: string; count: number; since: Millis };
  sla: { measure: string; due: Millis; state: string; late_by?: number };
  tagged: { add: string[]; remove: string[] };
  identified: { from: Person; to: Person };
  rated: { score: number; text?: string };
  erased: Record<string, never>;
}

/** Close codes after which coming back would change nothing. */
export const FINAL: ReadonlySet<number> = new Set([4001, 4003, 4009]);
export const AUTH = 4001;
export const BYE = 1000;
/** Stands for a connection that ended without a word. */
export const GONE = 1006;
export const SUBPROTOCOL = "shopwire.v1.json";
