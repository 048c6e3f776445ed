/** Images of chats as `blob:` addresses, fetched once with the agent's token. */

import type { Rest } from "../wire/rest";

/** Images kept in memory; of more, those shown last. */
const MOST = 200;

export class Images {
  private readonly known = new Map<string, Promise<string>>();

  constructor(private readonly rest: Rest) {}

  /** Returns the address that shows `blob`. */
  url(blob: string): Promise<string> {
    const known = this.known.get(blob);
    if (known) {
      this.known.delete(blob);
      this.known.set(blob, known);
      return known;
    }
    const fetched = this.rest.image(blob).then((image) => URL.createObjectURL(image));
    this.known.set(blob, fetched);
    // What failed may be asked for again.
    fetched.catch(() => this.known.delete(blob));
    this.trim();
    return fetched;
  }

  private trim(): void {
    for (const [oldest, url] of this.known) {
      if (this.known.size <= MOST) return;
      this.known.delete(oldest);
      void url.then((address) => URL.revokeObjectURL(address)).catch(() => undefined);
    }
  }
}
