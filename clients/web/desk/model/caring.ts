/** What admins owe a person: what is kept of them, and that it goes; and what follows. */

import type { Heard } from "../../shared/protocol/link";
import { forgotten } from "../state/thread";
import { RestError } from "../wire/rest";
import { saved } from "../wire/saved";
import type { Desk } from "./desk";

export class Caring {
  constructor(private readonly desk: Desk) {
    desk.base.listen((heard) => this.hear(heard));
  }

  /** Whether the one at the desk may hand out what is kept of people, and erase it. */
  get allowed(): boolean {
    return this.desk.base.seat.get().role === "admin";
  }

  /** Hands out all that is kept of a person, as one archive. */
  async handOut(profile: string): Promise<void> {
    try {
      const archive = await this.desk.base.rest.file(`${this.path(profile)}/export`);
      saved(archive, `${profile}.zip`);
    } catch (error) {
      this.tell(error);
    }
  }

  /** Erases a person; returns whether that was done. */
  async erase(profile: string): Promise<boolean> {
    try {
      await this.desk.base.rest.delete(this.path(profile));
    } catch (error) {
      this.tell(error);
      return false;
    }
    this.desk.toasts.say({ key: "erase_done" });
    return true;
  }

  private path(profile: string): string {
    const { site } = this.desk.base.seat.get();
    const parts = [site, "profiles", profile].map(encodeURIComponent);
    return `/v1/sites/${parts.join("/")}`;
  }

  private tell(error: unknown): void {
    if (!(error instanceof RestError)) throw error;
    this.desk.toasts.refused(error.code, { reason: error.message });
  }

  private hear(heard: Heard): void {
    if (heard.type === "event" && heard.event.kind === "erased") {
      this.forget(heard.event.chat);
    } else if (heard.type === "ix") {
      const gone = heard.change["gone"];
      // Its words may have been erased; who is not in the chat is not told more.
      if (typeof gone === "string") void this.lookAfter(gone);
    }
  }

  private async lookAfter(chat: string): Promise<void> {
    const { talking } = this.desk;
    if (!talking.keeps(chat)) return;
    if (await talking.isErased(chat).catch(() => false)) this.forget(chat);
  }

  /** Lets go of all that this page has of an erased chat. */
  private forget(chat: string): void {
    const { talking, looking, listing, images, overlay } = this.desk;
    talking.forget(chat);
    looking.forget(chat);
    images.clear();
    const row = listing.row(chat);
    if (row) listing.foresee(forgotten(row));
    if (overlay.get() === "palette") overlay.set(undefined);
  }
}
