/** Tokens, of which a client reads no more than how long they are good for. */

/** A token, or what fetches a fresh one; that may throw, to be asked again later. */
export type Token = string | (() => string | Promise<string>) | undefined;

/** Returns a token to be used now. */
export async function fetched(token: Token): Promise<string | undefined> {
  return typeof token === "function" ? token() : token;
}

/** Returns when a JWT ends, in seconds since 1970, if it says. */
export function endOf(token: string): number | undefined {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const exp: unknown = JSON.parse(atob(payload)).exp;
    return typeof exp === "number" ? exp : undefined;
  } catch {
    return undefined;
  }
}
