/** What can be done with a key or from the palette: one table for both, and the sheet. */

import type { IconName } from "../parts/icon";
import { togglePerson } from "../parts/panes";
import type { Desk } from "./desk";

export interface Action {
  id: string;
  /** Of the catalogue. */
  label: string;
  /** As printed, of those that have one; what is one letter is taken where nothing is being typed. */
  keys?: string;
  icon: IconName;
  group: "moving" | "doing";
  there: (desk: Desk) => boolean;
  act: (desk: Desk) => void;
}

const always = () => true;
/** The chat on the screen: behind settings and reports one may be open, too. */
const shown = (desk: Desk) =>
  desk.route.get().page === "inbox" ? desk.ticket : undefined;
const inChat = (desk: Desk) => shown(desk) !== undefined;
const inOpenChat = (desk: Desk) => {
  const ticket = shown(desk);
  return ticket !== undefined && ticket.status !== "closed";
};
const withBot = (desk: Desk) => {
  const ticket = shown(desk);
  if (!ticket || ticket.status === "closed") return false;
  return ticket.control === "bot" || desk.base.shop.bot === true;
};
const mayCare = (desk: Desk) =>
  desk.caring.allowed &&
  shown(desk) !== undefined &&
  desk.looking.person.get().profile !== undefined;
const view =
  (name: string) =>
  (desk: Desk): void =>
    desk.show({ name, status: "open" });

export const ACTIONS: readonly Action[] = [
  {
    id: "next",
    label: "key_next",
    keys: "J",
    icon: "down",
    group: "moving",
    there: always,
    act: (desk) => desk.step(1),
  },
  {
    id: "previous",
    label: "key_previous",
    keys: "K",
    icon: "down",
    group: "moving",
    there: always,
    act: (desk) => desk.step(-1),
  },
  {
    id: "search",
    label: "search",
    keys: "/",
    icon: "search",
    group: "moving",
    there: always,
    act: focusSearch,
  },
  {
    id: "palette",
    label: "palette",
    keys: "⌘K",
    icon: "search",
    group: "moving",
    there: always,
    act: (desk) => desk.overlay.set("palette"),
  },
  {
    id: "view-all",
    label: "view_all",
    keys: "1",
    icon: "inbox",
    group: "moving",
    there: always,
    act: view("all"),
  },
  {
    id: "view-mine",
    label: "view_mine",
    keys: "2",
    icon: "person",
    group: "moving",
    there: always,
    act: view("mine"),
  },
  {
    id: "view-unassigned",
    label: "view_unassigned",
    keys: "3",
    icon: "free",
    group: "moving",
    there: always,
    act: view("unassigned"),
  },
  {
    id: "view-bot",
    label: "view_bot",
    keys: "4",
    icon: "bot",
    group: "moving",
    there: always,
    act: view("bot"),
  },
  {
    id: "reply",
    label: "key_open",
    keys: "R",
    icon: "send",
    group: "doing",
    there: inOpenChat,
    act: (desk) => desk.focusComposer(false),
  },
  {
    id: "note",
    label: "key_note",
    keys: "N",
    icon: "note",
    group: "doing",
    there: inOpenChat,
    act: (desk) => desk.focusComposer(true),
  },
  {
    id: "hold",
    label: "key_hold",
    keys: "⌥H",
    icon: "hold",
    group: "doing",
    there: inOpenChat,
    act: () => dispatchEvent(new Event("desk-hold")),
  },
  {
    id: "close",
    label: "key_close",
    keys: "E",
    icon: "check",
    group: "doing",
    there: inOpenChat,
    act: (desk) => desk.overlay.set("close"),
  },
  {
    id: "snooze",
    label: "key_snooze",
    keys: "S",
    icon: "snooze",
    group: "doing",
    there: inOpenChat,
    act: snoozeOrWake,
  },
  {
    id: "assign",
    label: "key_assign",
    keys: "A",
    icon: "swap",
    group: "doing",
    there: inOpenChat,
    act: (desk) => desk.overlay.set("assign"),
  },
  {
    id: "take",
    label: "key_take",
    keys: "T",
    icon: "bot",
    group: "doing",
    there: withBot,
    act: takeOrGive,
  },
  {
    id: "tags",
    label: "key_tags",
    keys: "L",
    icon: "tag",
    group: "doing",
    there: inOpenChat,
    act: (desk) => desk.overlay.set("tags"),
  },
  {
    id: "unread",
    label: "key_unread",
    keys: "U",
    icon: "mute",
    group: "doing",
    there: inOpenChat,
    act: (desk) => desk.markUnread(),
  },
  {
    id: "person",
    label: "key_person",
    keys: "P",
    icon: "person",
    group: "doing",
    there: inChat,
    act: togglePerson,
  },
  {
    id: "hand-out",
    label: "hand_out",
    icon: "down",
    group: "doing",
    there: mayCare,
    act: (desk) =>
      void desk.caring.handOut(desk.looking.person.get().profile?.id ?? ""),
  },
  {
    id: "erase",
    label: "erase",
    icon: "alert",
    group: "doing",
    there: mayCare,
    act: (desk) => desk.overlay.set("erase"),
  },
  {
    id: "undo",
    label: "key_undo",
    keys: "Z",
    icon: "retry",
    group: "doing",
    there: always,
    act: (desk) => desk.handling.takeBack(),
  },
  {
    id: "keys",
    label: "keys",
    keys: "?",
    icon: "keyboard",
    group: "moving",
    there: always,
    act: (desk) => desk.overlay.set("keys"),
  },
];

function focusSearch(): void {
  document.querySelector<HTMLInputElement>("#search")?.focus();
}

function snoozeOrWake(desk: Desk): void {
  const { ticket } = desk;
  if (ticket?.status === "snoozed") desk.handling.wake(ticket);
  else desk.overlay.set("snooze");
}

function takeOrGive(desk: Desk): void {
  const { ticket } = desk;
  if (!ticket) return;
  if (ticket.control === "bot") desk.handling.take(ticket.chat);
  else desk.handling.release(ticket.chat);
}

/** Returns the action of a key that was pressed, if it has one here. */
export function actionOf(event: KeyboardEvent, typing: boolean): Action | undefined {
  const { altKey, ctrlKey, metaKey } = event;
  if ((ctrlKey || metaKey) && !altKey && event.code === "KeyK") return byKeys("⌘K");
  // On a Mac the key with ⌥ writes another letter.
  if (altKey && !ctrlKey && !metaKey && event.code === "KeyH") return byKeys("⌥H");
  if (typing || altKey || ctrlKey || metaKey) return undefined;
  // In the thread they scroll.
  const scrolls =
    event.target instanceof Element && event.target.closest(".log, .person");
  if (event.key === "ArrowDown") return scrolls ? undefined : byKeys("J");
  if (event.key === "ArrowUp") return scrolls ? undefined : byKeys("K");
  return event.key.length === 1 ? byKeys(event.key.toUpperCase()) : undefined;
}

function byKeys(keys: string): Action | undefined {
  return ACTIONS.find((each) => each.keys === keys);
}
