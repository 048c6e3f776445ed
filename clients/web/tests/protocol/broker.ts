/**
 * As much of a broker as a client can see: journals, positions, repeats, resumes. It may
 * hang up before any frame that it sends or hears.
 */

import type { Event, Fields } from "../../shared/protocol/frames";
import type { FakeSocket } from "./world";

interface Entry {
  event: Omit<Event, "prev">;
  hidden: boolean;
}

export class FakeBroker {
  epoch = "e1";
  readonly journals = new Map<string, Entry[]>();
  /** What was answered, by request id. */
  private readonly answers = new Map<string, Fields>();
  /** Frames until the connection is cut; counts both directions. */
  cutAfter = Infinity;
  /** Writes that are refused for now before one is taken. */
  busy = 0;
  private chats = 0;

  /** Serves the client at the other end of `socket`. */
  serve(socket: FakeSocket): void {
    const open = new Map<string, number>();
    let dead = false;
    const alive = (): boolean => {
      if (dead) return false;
      this.cutAfter -= 1;
      if (this.cutAfter > 0) return true;
      dead = true;
      this.cutAfter = Infinity;
      socket.end();
      return false;
    };
    const say = (frame: Fields): void => {
      if (alive()) socket.say(frame);
    };
    const catchUp = (chat: string): void => {
      for (const { event, hidden } of this.journal(chat)) {
        if (event.seq <= (open.get(chat) ?? 0) || hidden || dead) continue;
        open.set(chat, event.seq);
        say({ t: "ev", ...event, prev: this.prev(chat, event.seq) });
      }
    };
    socket.heard = (payload) => {
      if (!alive()) return;
      const frame = JSON.parse(payload) as Fields & { op: string; id: string };
      const chat = String(frame["chat"]);
      const ok = (more: Fields = {}): void => say({ t: "ok", re: frame.id, ...more });
      switch (frame.op) {
        case "hello": {
          say({
            ...{ t: "welcome", re: frame.id, epoch: this.epoch, who: "shopper:s" },
            ...{ role: "shopper", now: 0, heartbeat_s: 20, limits: {}, chat: null },
          });
          const resume = frame["resume"] as
            { chats: Record<string, number>; epoch?: string } | undefined;
          for (const [each, position] of Object.entries(resume?.chats ?? {})) {
            if (resume?.epoch !== this.epoch) {
              const code = "resync_required";
              say({ t: "err", re: frame.id, chat: each, code });
              continue;
            }
            open.set(each, position);
            catchUp(each);
            say({ t: "live", chat: each, upto: this.journal(each).length });
          }
          return;
        }
        case "chat.open":
          open.set(chat, frame["after"] as number);
          ok({ chat, head: this.journal(chat).length, ticket: {} });
          catchUp(chat);
          say({ t: "live", chat, upto: this.journal(chat).length });
          return;
        case "chat.start":
        case "msg.send": {
          const known = this.answers.get(frame.id);
          if (known) {
            ok({ ...known, dup: true });
            return;
          }
          if (this.busy > 0) {
            this.busy -= 1;
            const code = "rate_limited";
            say({ t: "err", re: frame.id, code, retry: true, retry_ms: 100 });
            return;
          }
          const starts = frame.op === "chat.start";
          const to = starts ? `c${(this.chats += 1)}` : chat;
          if (starts) {
            this.write(to, "system", "opened", { profile: "s", channel: "chat" });
            open.set(to, 0);
          }
          const body = { text: frame["text"] };
          const entry = this.write(to, "shopper:s", "msg", body);
          const { seq, at } = entry.event;
          const answer = { chat: to, seq, prev: this.prev(to, seq), at };
          this.answers.set(frame.id, answer);
          if (open.has(to)) {
            // All visible before it first; the answer stands for the event itself.
            const journal = this.journal(to);
            journal.pop();
            catchUp(to);
            journal.push(entry);
            open.set(to, seq);
          }
          ok(answer);
          return;
        }
        default:
          say({ t: "err", re: frame.id, code: "bad_frame", retry: false });
      }
    };
  }

  /** Writes an event; connections hear of it when they next ask. */
  write(chat: string, by: string, kind: string, body: Fields, hidden = false): Entry {
    const journal = this.journal(chat);
    const seq = journal.length + 1;
    const entry = { event: { chat, seq, at: seq * 1000, by, kind, body }, hidden };
    journal.push(entry);
    return entry;
  }

  /** What the shopper may see of a chat. */
  visible(chat: string): Event[] {
    return this.journal(chat)
      .filter(({ hidden }) => !hidden)
      .map(({ event }) => ({ ...event, prev: this.prev(chat, event.seq) }));
  }

  private journal(chat: string): Entry[] {
    const journal = this.journals.get(chat) ?? [];
    this.journals.set(chat, journal);
    return journal;
  }

  private prev(chat: string, seq: number): number {
    const before = this.journal(chat).filter((e) => !e.hidden && e.event.seq < seq);
    return before.at(-1)?.event.seq ?? 0;
  }
}
