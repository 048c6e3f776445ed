/** Images that are to go with the next message. */

import { imagesIn, MOST_PER_MESSAGE, unfit, upload } from "../shared/images/images";
import type { Model } from "./model";
import type { Attachment } from "./state";

export class Attaching {
  private readonly uploads = new Map<number, { cancel(): void }>();
  private made = 0;

  constructor(private readonly model: Model) {}

  /** Gives up what is on its way, and lets go of what is shown. */
  clear(): void {
    for (const { cancel } of this.uploads.values()) cancel();
    this.uploads.clear();
    for (const { address } of this.model.state.attachments) {
      URL.revokeObjectURL(address);
    }
  }

  /** Takes the images among what was pasted or dropped; returns whether there are any. */
  take(transfer: DataTransfer | null): boolean {
    const files = imagesIn(transfer);
    if (files.length > 0) this.attach(files);
    return files.length > 0;
  }

  /** Begins to upload what fits, and says what does not. */
  attach(files: readonly File[]): void {
    const { say } = this.model.state;
    this.model.set({ notice: undefined });
    let room = MOST_PER_MESSAGE - this.model.state.attachments.length;
    for (const file of files) {
      const wrong = unfit(file);
      const { name } = file;
      if (wrong) {
        const key = (
          { kind: "imageKind", size: "imageSize", empty: "imageEmpty" } as const
        )[wrong];
        this.model.complain(say.say(key, { name }));
      } else if (room <= 0) {
        this.model.complain(say.say("imagesMost", { n: MOST_PER_MESSAGE }));
      } else {
        room -= 1;
        void this.upload(file);
      }
    }
  }

  private async upload(file: File): Promise<void> {
    const key = (this.made += 1);
    const address = URL.createObjectURL(file);
    const { name } = file;
    const attachments = [
      ...this.model.state.attachments,
      { key, name, address, share: 0 },
    ];
    this.model.set({ attachments });
    const { chat } = this.model.state.thread;
    const site = encodeURIComponent(this.model.options.site);
    const place = chat ? `chats/${encodeURIComponent(chat)}` : `sites/${site}`;
    try {
      const bearer = (await this.model.link?.bearer()) ?? "";
      if (!this.found(key)) return;
      const { done, cancel } = upload(
        `${this.model.api}/v1/${place}/blobs`,
        file,
        bearer,
        (share) => this.attachment(key, { share }),
      );
      this.uploads.set(key, { cancel });
      const blob = await done;
      this.model.gallery.keep(blob, file);
      this.attachment(key, { share: 1, blob });
    } catch {
      const there = this.found(key) !== undefined;
      this.detach(key);
      if (there) this.model.complain(this.model.state.say.say("imageFailed", { name }));
    }
    this.uploads.delete(key);
  }

  private found(key: number): Attachment | undefined {
    return this.model.state.attachments.find((one) => one.key === key);
  }

  /** Takes an image off again. */
  detach(key: number): void {
    this.uploads.get(key)?.cancel();
    const gone = this.found(key);
    if (gone) URL.revokeObjectURL(gone.address);
    const attachments = this.model.state.attachments.filter((one) => one.key !== key);
    this.model.set({ attachments });
  }

  private attachment(key: number, changed: Partial<Attachment>): void {
    const attachments = this.model.state.attachments.map((one) =>
      one.key === key ? { ...one, ...changed } : one,
    );
    this.model.set({ attachments });
  }
}
