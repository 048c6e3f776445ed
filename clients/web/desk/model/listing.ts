/** The list of tickets on the screen, and how many wait with a dot. */

import type { Heard } from "../../shared/protocol/link";
import {
  type Change,
  type Inbox,
  type Opened,
  type View,
  changed,
  emptyInbox,
  opened,
  put,
  sameView,
  without,
} from "../state/inbox";
import { HOME } from "../state/route";
import { Store } from "../state/store";
import type { Ticket } from "../state/ticket";
import { type Base, codeOf } from "./base";

/** As many as one page may have. */
const PAGE = 200;

export interface Stats {
  waiting: number;
  unassigned: number;
  overdue: number;
  snoozed_due_today: number;
  oldest_wait: number | null;
}

/** Hears of a row that has changed, and what it was before. */
type RowWatcher = (row: Ticket, before: Ticket | undefined) => void;

export class Listing {
  readonly inbox = new Store<Inbox>(emptyInbox(HOME));
  readonly badge = new Store(0);
  readonly stats = new Store<Stats | undefined>(undefined);
  /** What the frame has brought so far; drawn when all of it is in. */
  private draft: Inbox | undefined;
  /** The newest question: answers to older ones are of no use. */
  private asked = 0;
  private statsAt = 0;
  private counting: ReturnType<typeof setTimeout> | undefined;
  private readonly watchers: RowWatcher[] = [];

  constructor(private readonly base: Base) {
    base.listen((heard) => this.hear(heard));
    base.settle(() => {
      if (this.draft) this.inbox.set(this.draft);
      this.draft = undefined;
    });
  }

  get rows(): readonly Ticket[] {
    return this.inbox.get().rows;
  }

  row(chat: string): Ticket | undefined {
    return this.rows.find((row) => row.chat === chat);
  }

  /** Has `watcher` told of every row that changes. */
  watch(watcher: RowWatcher): void {
    this.watchers.push(watcher);
  }

  /** Shows another view. */
  show(view: View): void {
    if (sameView(view, this.inbox.get().view)) return;
    this.draft = undefined;
    this.inbox.set(emptyInbox(view));
    void this.open();
  }

  /** Tries again what has failed. */
  again(): void {
    void this.open();
  }

  /** Gets the next page, if there is one and none is on its way. */
  more(): void {
    const { cursor, loading } = this.inbox.get();
    if (cursor === undefined || loading) return;
    this.inbox.update((inbox) => ({ ...inbox, loading: true }));
    void this.open(cursor);
  }

  /** Shows `row` as it is about to be; the broker's word replaces it. */
  foresee(row: Ticket): void {
    if (this.row(row.chat)) this.inbox.update((inbox) => put(inbox, row));
  }

  /** Takes a row off the list before the broker has. */
  hide(chat: string): void {
    this.inbox.update((inbox) => without(inbox, chat));
  }

  /** Puts a row back that was taken off, unless the broker has sent a newer one. */
  bringBack(row: Ticket): void {
    if (!this.row(row.chat)) this.restore(row);
  }

  /** Shows a row as it was. */
  restore(row: Ticket): void {
    this.inbox.update((inbox) => put(inbox, row));
  }

  private hear(heard: Heard): void {
    if (heard.type === "welcome") {
      void this.open();
      void this.count();
    } else if (heard.type === "badge") {
      this.badge.set(heard.n);
      void this.count();
    } else if (heard.type === "ix") {
      this.change(heard.change as unknown as Change);
    }
  }

  private change(change: Change): void {
    const before = this.draft ?? this.inbox.get();
    const old = change.row && before.rows.find((row) => row.chat === change.row?.chat);
    const after = changed(before, change);
    if (!after) {
      void this.open();
      return;
    }
    if (after === before) return;
    this.draft = after;
    if (change.row) for (const watcher of this.watchers) watcher(change.row, old);
  }

  private async open(cursor?: string): Promise<void> {
    this.asked += 1;
    const mine = this.asked;
    const { view, ix } = this.inbox.get();
    const place =
      cursor === undefined ? (ix === undefined ? {} : { after: ix }) : { cursor };
    const asked = {
      view: view.name,
      status: view.status,
      limit: PAGE,
      ...(view.channel && { channel: view.channel }),
    };
    try {
      const answer = await this.base.request("inbox.open", { ...asked, ...place });
      if (mine !== this.asked) return;
      const page = answer as unknown as Opened;
      // Behind what was heard before the answer: changes that it contains already.
      this.base.after(() => {
        if (mine !== this.asked) return;
        this.draft = opened(this.draft ?? this.inbox.get(), page, cursor !== undefined);
        this.badge.set(page.badge);
      });
    } catch (error) {
      if (mine !== this.asked) return;
      const failed = codeOf(error);
      this.inbox.update((inbox) => ({ ...inbox, loading: false, failed }));
    }
  }

  /** Asks what there is to do, at most once in a few seconds. */
  private async count(): Promise<void> {
    const now = Date.now();
    const wait = this.statsAt + STATS_MS - now;
    if (wait > 0) {
      // What changes meanwhile is counted, too.
      this.counting ??= setTimeout(() => {
        this.counting = undefined;
        void this.count();
      }, wait);
      return;
    }
    this.statsAt = now;
    const stats = await this.base.request("stats").catch(() => undefined);
    if (stats) this.stats.set(stats as unknown as Stats);
  }
}

const STATS_MS = 5000;
