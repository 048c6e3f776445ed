/** Tickets and events to test with. */

import type { ChatEvent, Ticket } from "../../desk/state/ticket";

export function ticket(chat: string, more: Partial<Ticket> = {}): Ticket {
  return {
    chat,
    site: "default",
    channel: "chat",
    icon: "chat",
    status: "open",
    profile: "p",
    name: `Name ${chat}`,
    preview: "words",
    unread: false,
    assignee: null,
    tags: [],
    control: "humans",
    waiting_since: null,
    last_at: 0,
    opened_at: 0,
    flags: [],
    ...more,
  };
}

/** Makes events of one chat, seq after seq. */
export function script(chat = "c", begin = 1) {
  let seq = begin - 1;
  return (kind: string, by: string, body: ChatEvent["body"] = {}, at = seq * 1000) => {
    seq += 1;
    return { chat, seq, prev: seq - 1, at, by, kind, body } satisfies ChatEvent;
  };
}
