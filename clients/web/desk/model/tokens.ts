/**
 * The agent's token: of this tab alone, and in no address for longer than a moment.
 *
 * A link may bring one (`/desk/#token=…`). It is taken out of the address at once, so
 * that it is in no history, no bookmark and no screenshot.
 */

const KEY = "shopwire.desk.token";

export class Tokens {
  private token: string | undefined;

  constructor(
    private readonly storage: Storage,
    place: Pick<Location, "hash" | "pathname" | "search">,
    replace: (address: string) => void,
  ) {
    const given = new URLSearchParams(place.hash.replace(/^#/u, "")).get("token");
    if (given) {
      replace(place.pathname + place.search);
      this.keep(given);
    } else this.token = storage.getItem(KEY) ?? undefined;
  }

  get(): string | undefined {
    return this.token;
  }

  keep(token: string): void {
    this.token = token;
    this.storage.setItem(KEY, token);
  }

  forget(): void {
    this.token = undefined;
    this.storage.removeItem(KEY);
  }
}
