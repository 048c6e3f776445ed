/**
 * Other tabs of the shop in this browser. Messages, receipts and the end of a chat come
 * to each of them from the broker; this is for what the broker does not know.
 */

interface Hears {
  /** A chat was begun in another tab. */
  began(chat: string): void;
  /** Somebody logged out there. */
  left(): void;
}

export class Tabs {
  private readonly channel: BroadcastChannel | undefined;

  constructor(site: string, hears: Hears) {
    try {
      this.channel = new BroadcastChannel(`shopwire:${site}`);
    } catch {
      return;
    }
    this.channel.addEventListener("message", ({ data }) => {
      const { began, left } = data as { began?: string; left?: boolean };
      if (began !== undefined) hears.began(began);
      if (left) hears.left();
    });
  }

  began(chat: string): void {
    this.channel?.postMessage({ began: chat });
  }

  left(): void {
    this.channel?.postMessage({ left: true });
  }

  close(): void {
    this.channel?.close();
  }
}
