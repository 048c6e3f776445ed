/** What was written and not sent, kept for each chat over reloads and lost connections. */

import { read, write } from "./prefs";

export interface Draft {
  text: string;
  note: boolean;
}

const KEY = "shopwire.desk.drafts";
/** Chats whose drafts are kept; of more, those written last. */
const MOST = 100;

export class Drafts {
  private readonly drafts: Map<string, Draft>;

  constructor(private readonly storage: Storage) {
    const kept = Object.entries(read(storage, KEY)) as [string, Draft][];
    this.drafts = new Map(kept.filter(([, draft]) => typeof draft.text === "string"));
  }

  get(chat: string): Draft {
    return this.drafts.get(chat) ?? { text: "", note: false };
  }

  has(chat: string): boolean {
    return this.get(chat).text.trim() !== "";
  }

  put(chat: string, draft: Draft): void {
    this.drafts.delete(chat);
    if (draft.text !== "" || draft.note) this.drafts.set(chat, draft);
    for (const oldest of this.drafts.keys()) {
      if (this.drafts.size <= MOST) break;
      this.drafts.delete(oldest);
    }
    write(this.storage, KEY, Object.fromEntries(this.drafts));
  }

  /** Forgets them all: another person may sign in. */
  clear(): void {
    this.drafts.clear();
    this.storage.removeItem(KEY);
  }
}
