/** The pages of the settings: what each is about, and where each setting stands. */

import type { IconName } from "../parts/icon";
import { type Path, within } from "./form/paths";
import type { Papers } from "./model/office";

export interface Topic {
  name: string;
  icon: IconName;
  group: "widget" | "answers" | "service" | "people" | "more";
  paper: keyof Papers;
  /** Settings of this page, in the order in which they stand on it. */
  paths: readonly Path[];
  /** Whether shoppers see what it changes. */
  preview?: boolean;
}

const at = (...paths: string[]): Path[] => paths.map((path) => path.split("."));

export const TOPICS: readonly Topic[] = [
  {
    name: "install",
    icon: "slash",
    group: "widget",
    paper: "settings",
    paths: at("chat.allowed_origins"),
  },
  {
    name: "chat",
    icon: "chat",
    group: "widget",
    paper: "settings",
    paths: at(
      "chat.enabled",
      "chat.login_status",
      "chat.welcome",
      "chat.locale",
      "receipts.show_agent_read",
    ),
    preview: true,
  },
  {
    name: "theme",
    icon: "eye",
    group: "widget",
    paper: "settings",
    paths: at("chat.theme"),
    preview: true,
  },
  {
    name: "legal",
    icon: "check",
    group: "widget",
    paper: "settings",
    paths: at("legal.terms_url", "legal.privacy_url", "legal.ack_required"),
    preview: true,
  },
  {
    name: "faq",
    icon: "emoji",
    group: "answers",
    paper: "faq",
    paths: [],
    preview: true,
  },
  { name: "macros", icon: "slash", group: "answers", paper: "macros", paths: [] },
  { name: "knowledge", icon: "note", group: "answers", paper: "knowledge", paths: [] },
  {
    name: "ai",
    icon: "bot",
    group: "answers",
    paper: "settings",
    paths: at("ai"),
    preview: true,
  },
  {
    name: "hours",
    icon: "clock",
    group: "service",
    paper: "settings",
    paths: at("hours"),
    preview: true,
  },
  {
    name: "check-ins",
    icon: "hold",
    group: "service",
    paper: "settings",
    paths: at("check_in"),
  },
  {
    name: "endings",
    icon: "star",
    group: "service",
    paper: "settings",
    paths: at("idle", "rating.ask", "inbox.surface_closed_events"),
  },
  { name: "sla", icon: "alert", group: "service", paper: "settings", paths: at("sla") },
  { name: "agents", icon: "people", group: "people", paper: "settings", paths: [] },
  {
    name: "assignment",
    icon: "swap",
    group: "people",
    paper: "settings",
    paths: at(
      "assignment.on_reply",
      "assignment.routing",
      "assignment.max_chats",
      "assignment.queue_limit",
      "assignment.long_wait",
      "assignment.show_queue",
      "assignment.prefer_recent_s",
      "assignment.on_leave",
      "assignment.leave_grace_s",
      "assignment.announce_transfer",
    ),
  },
  {
    name: "teams",
    icon: "tag",
    group: "people",
    paper: "settings",
    paths: at("assignment.teams", "assignment.rules"),
  },
  {
    name: "email",
    icon: "envelope",
    group: "more",
    paper: "settings",
    paths: at("email"),
  },
  { name: "sms", icon: "send", group: "more", paper: "settings", paths: at("sms") },
  { name: "history", icon: "retry", group: "more", paper: "settings", paths: [] },
];

export const GROUPS = ["widget", "answers", "service", "people", "more"] as const;

/** Returns the page on which a setting stands. */
export function topicOf(path: Path): Topic | undefined {
  return TOPICS.find(({ paths }) => paths.some((known) => within(path, known)));
}
