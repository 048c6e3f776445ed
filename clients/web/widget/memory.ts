/**
 * What the widget remembers in the browser. Never a token, nor a message that is sent.
 *
 * A browser may forbid it, or a page be framed where it is: then it lasts as long as the
 * page, and nobody notices more than that.
 */

import type { Pending } from "../shared/thread/thread";

/** Of this tab: it is there again after going to another page of the shop. */
export interface TabMemory {
  open: boolean;
  chat: string;
  draft: string;
  /** Questions that were read before a chat. */
  faqs: string[];
  pending: Pending[];
  /** The questions are done with. */
  asking: boolean;
}

/** Of this browser: all tabs have it in common. */
export interface OwnMemory {
  /** A visitor's secret. */
  anon: string;
  sound: boolean;
}

export class Memory {
  private readonly key: string;
  private readonly fallback = new Map<string, string>();

  constructor(site: string) {
    this.key = `shopwire:${site}`;
  }

  tab(): Partial<TabMemory> {
    return this.read("session") as Partial<TabMemory>;
  }

  own(): Partial<OwnMemory> {
    return this.read("local") as Partial<OwnMemory>;
  }

  setTab(changed: Partial<TabMemory>): void {
    this.write("session", { ...this.tab(), ...changed });
  }

  setOwn(changed: Partial<OwnMemory>): void {
    this.write("local", { ...this.own(), ...changed });
  }

  /** Leaves nothing behind. */
  clear(): void {
    this.fallback.clear();
    for (const kind of ["local", "session"] as const) {
      try {
        storage(kind).removeItem(this.key);
      } catch {
        // There was nothing then.
      }
    }
  }

  private read(kind: Kind): object {
    try {
      const text = storage(kind).getItem(this.key) ?? "";
      return JSON.parse(text || this.fallback.get(kind) || "{}") as object;
    } catch {
      return JSON.parse(this.fallback.get(kind) ?? "{}") as object;
    }
  }

  private write(kind: Kind, all: object): void {
    const text = JSON.stringify(all);
    try {
      storage(kind).setItem(this.key, text);
    } catch {
      this.fallback.set(kind, text);
    }
  }
}

type Kind = "local" | "session";

function storage(kind: Kind): Storage {
  return kind === "local" ? localStorage : sessionStorage;
}
