/** What the broker says of a ticket, an event and a shop: see `docs/protocol.md`. */

export type Status = "open" | "snoozed" | "closed";
export type Channel = "chat" | "sms";

/** A ticket as lists show it. */
export interface Ticket {
  chat: string;
  site: string;
  channel: Channel;
  icon: string;
  status: Status;
  profile: string;
  name: string;
  preview: string;
  unread: boolean;
  assignee: string | null;
  tags: readonly string[];
  control: string;
  waiting_since: number | null;
  last_at: number;
  opened_at: number;
  flags: readonly string[];
  until?: number;
  team?: string;
  previous?: string;
  /** Since when the shopper, who waits, has heard nothing. */
  silent_since?: number;
}

export type Body = Readonly<Record<string, unknown>>;

/** Something that happened in a chat. */
export interface ChatEvent {
  chat: string;
  seq: number;
  prev: number;
  at: number;
  by: string;
  kind: string;
  body: Body;
}

export interface Member {
  id: string;
  name: string;
  role: string;
}

export interface Crew {
  id: string;
  name: string;
  members: readonly string[];
}

/** After how long a silence a check-in falls due, and is missed. */
export interface Patience {
  enabled: boolean;
  remind_s: number;
  breach_s: number;
  text: string;
}

/** What there is to work with, as the welcome says. */
export interface Backroom {
  version: number;
  name: string;
  zone: string;
  locale: string;
  agents: readonly Member[];
  teams: readonly Crew[];
  check_in: Patience;
  on_reply: string;
  ask_rating: boolean;
  /** Whether there is a bot that a conversation can be given to. */
  bot?: boolean;
}

export const NO_BACKROOM: Backroom = {
  version: 0,
  name: "",
  zone: "UTC",
  locale: "en",
  agents: [],
  teams: [],
  check_in: { enabled: true, remind_s: 180, breach_s: 300, text: "" },
  on_reply: "always",
  ask_rating: false,
};

export interface Macro {
  id: string;
  name: string;
  category?: string;
  shortcut?: string;
  text: string;
  hold?: boolean;
  then?: Body;
}

/** `agent:ann` is an agent, `shopper:…` and `anon:…` are the other side. */
export function isOutside(person: string): boolean {
  return person.startsWith("shopper:") || person.startsWith("anon:");
}

/** Returns the id of an agent, or nothing if `person` is none. */
export function agentOf(person: string): string | undefined {
  return person.startsWith("agent:") ? person.slice(6) : undefined;
}

/** Returns what an agent is called. */
export function nameOf(shop: Backroom, agent: string): string {
  return shop.agents.find((member) => member.id === agent)?.name ?? agent;
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

export function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
