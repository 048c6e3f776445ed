/** The whole desk of one person: its parts, what is on the screen, and its clock. */

import { Gallery } from "../../shared/images/images";
import { type View, beside } from "../state/inbox";
import { type Route, hashOf, routeOf } from "../state/route";
import { Store } from "../state/store";
import type { Ticket } from "../state/ticket";
import { t } from "../words/words";
import { Base } from "./base";
import { Caring } from "./caring";
import { Drafts } from "./drafts";
import { Handling } from "./handling";
import { Listing } from "./listing";
import { Looking } from "./looking";
import type { Prefs } from "./prefs";
import { Talking } from "./talking";
import { Toasts } from "./toasts";

export type Overlay =
  "palette" | "keys" | "snooze" | "assign" | "close" | "tags" | "erase" | undefined;

const TICK_MS = 1000;
const READ_MS = 1100;

export class Desk {
  readonly base: Base;
  readonly listing: Listing;
  readonly talking: Talking;
  readonly handling: Handling;
  readonly looking: Looking;
  readonly images: Gallery;
  readonly caring: Caring;
  readonly toasts = new Toasts();
  readonly route: Store<Route>;
  readonly overlay = new Store<Overlay>(undefined);
  /** Whether the person is shown over the thread, where there is no room beside it. */
  readonly drawer = new Store(false);
  /** Counts up whenever the composer is to have the focus; `note`: for a note. */
  readonly compose = new Store({ count: 0, note: false });
  private readonly ticking: ReturnType<typeof setInterval>;
  private readonly onHash = () => this.follow(routeOf(location.hash));

  constructor(
    url: string,
    token: string,
    readonly prefs: Store<Prefs>,
  ) {
    this.base = new Base(url, token);
    this.listing = new Listing(this.base);
    this.talking = new Talking(this.base, new Drafts(localStorage));
    this.handling = new Handling(this.base, this.listing, this.toasts, (chat) =>
      this.talking.shownTo(chat),
    );
    this.looking = new Looking(this.base);
    this.images = new Gallery("", () => this.base.link.bearer());
    this.caring = new Caring(this);
    this.route = new Store<Route>(routeOf(location.hash));
    addEventListener("hashchange", this.onHash);
    // What was about to be done is done, rather than lost.
    addEventListener("pagehide", this.atTheEnd);
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    this.ticking = setInterval(() => this.tick(), TICK_MS);
    this.follow(this.route.get());
  }

  start(): void {
    this.base.start();
  }

  /** Leaves for good. */
  end(): void {
    this.atTheEnd();
    clearInterval(this.ticking);
    removeEventListener("hashchange", this.onHash);
    removeEventListener("pagehide", this.atTheEnd);
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    this.talking.leave();
    this.images.clear();
    this.base.close();
  }

  // Moving about.

  go(route: Route): void {
    const hash = hashOf(route);
    if (location.hash === hash) this.follow(route);
    else location.hash = hash;
  }

  show(view: View): void {
    this.looking.find("");
    this.go({ page: "inbox", view });
  }

  open(chat: string): void {
    this.go({ page: "inbox", view: this.view, chat });
  }

  /** Goes back to the list. */
  shut(): void {
    this.go({ page: "inbox", view: this.view });
  }

  get view(): View {
    const route = this.route.get();
    return route.page === "inbox" ? route.view : this.listing.inbox.get().view;
  }

  /** The ticket on the screen, as the list has it or else as its own events say. */
  get ticket(): Ticket | undefined {
    const { chat } = this.talking;
    if (chat === undefined) return undefined;
    return this.listing.row(chat) ?? this.talking.ticket;
  }

  /** Opens the conversation beside the one on the screen. */
  step(by: 1 | -1): void {
    const row = beside(this.listing.rows, this.talking.chat, by);
    if (row) this.open(row.chat);
  }

  /** Closes a ticket, and goes on with the next one. */
  closeTicket(ticket: Ticket, noRating: boolean): void {
    this.goOn(ticket.chat);
    this.handling.close(ticket, noRating, t("done_closed"));
  }

  /** Gives the ticket on the screen its dot again, and leaves it. */
  markUnread(): void {
    const { chat } = this.talking;
    if (chat === undefined) return;
    this.shut();
    // What was read goes out at most once a second, and would clear the dot.
    setTimeout(() => void this.handling.unread(chat), READ_MS);
  }

  /** Shows the conversation that comes after one that goes. */
  private goOn(chat: string): void {
    if (this.talking.chat !== chat) return;
    const { rows } = this.listing;
    const at = rows.findIndex((row) => row.chat === chat);
    const next = at < 0 ? undefined : (rows[at + 1] ?? rows[at - 1]);
    if (next) this.open(next.chat);
    else this.shut();
  }

  focusComposer(note: boolean): void {
    // At once: the next key is a letter already, and no shortcut.
    document.getElementById("composer")?.focus();
    this.compose.update(({ count }) => ({ count: count + 1, note }));
  }

  /** Says that what is on the screen was read, if anybody is looking. */
  read(): void {
    if (!document.hidden && document.hasFocus()) this.talking.read();
  }

  private follow(route: Route): void {
    this.route.set(route);
    if (route.page !== "inbox") return;
    this.listing.show(route.view);
    if (route.chat === undefined) {
      this.talking.leave();
      this.drawer.set(false);
    } else {
      this.talking.open(route.chat, this.listing.row(route.chat));
    }
    void this.looking.who(route.chat);
  }

  private tick(): void {
    this.handling.settle();
    this.talking.expire();
    if (!document.hidden) this.base.clock.set(this.base.now());
  }

  private readonly atTheEnd = () => this.handling.settle(Infinity);

  private readonly wake = () => {
    if (document.hidden) return;
    this.base.clock.set(this.base.now());
    this.base.link.wake();
  };
}
