/** The shop's documents, as far as the pages here deal with what is in them. */

export type Window = readonly [from: string, until: string];
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];
export type Week = Partial<Record<Day, readonly Window[]>>;

export interface Holiday {
  date: string;
  windows?: readonly Window[];
}

/** All of it is kept and sent back; only what a page of ours draws is named. */
export interface Settings {
  chat: {
    enabled: boolean;
    welcome: string;
    allowed_origins: readonly string[];
    locale: string;
    theme: Readonly<Record<string, string>>;
  };
  legal: {
    terms_url: string | null;
    privacy_url: string | null;
    ack_required: boolean;
  };
  hours: {
    zone: string;
    weekly: Week | null;
    holidays: readonly Holiday[];
    auto_reply: string | null;
  };
  ai: { enabled: boolean; name: string; greeting: string };
  assignment: { teams: readonly Team[] };
}

export interface Team {
  id: string;
  name: string;
  members?: readonly string[];
}

export interface Question {
  id: string;
  question: string;
  answer: string;
  published?: boolean;
}

export interface Then {
  snooze?: string | null;
  close?: boolean;
  /** `null`: to nobody; missing: to who has it. */
  assign?: string | null;
  tag?: readonly string[];
}

export interface Macro {
  id: string;
  name: string;
  category?: string;
  shortcut?: string;
  text?: string;
  hold?: boolean;
  then?: Then;
}

export interface Article {
  id: string;
  title: string;
  text: string;
  url?: string | null;
}

export interface Agent {
  id: string;
  name: string;
  email: string | null;
  role: "agent" | "admin";
  /** Whether there is a password to sign in with. */
  login: boolean;
  disabled: boolean;
}
