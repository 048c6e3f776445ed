/** What a client needs of the world, and a test replaces. */

/** Something to be done later. */
export interface Timer {
  cancel(): void;
}

export interface Surroundings {
  connect(url: string): WebSocket;
  /** UTC in milliseconds; it may jump. */
  now(): number;
  after(ms: number, act: () => void): Timer;
  /** From 0 to 1: for waits, which must differ between the clients of a broker. */
  random(): number;
  /** A request id that nobody has used. */
  newId(): string;
}

/** The browser itself. */
export function browser(subprotocol: string): Surroundings {
  const own = randomText(16);
  let asked = 0;
  return {
    connect: (url) => new WebSocket(url, subprotocol),
    now: () => Date.now(),
    after: (ms, act) => {
      const handle = setTimeout(act, ms);
      return { cancel: () => clearTimeout(handle) };
    },
    random: () => Math.random(),
    newId: () => `${own}.${(asked += 1).toString(36)}`,
  };
}

/** Returns `length` characters that cannot be guessed, 5 bits each. */
function randomText(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join("");
}
