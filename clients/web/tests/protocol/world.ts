/** A world without a clock: time passes when a test says so. */

import type { Surroundings, Timer } from "../../shared/protocol/surroundings";

export class World implements Surroundings {
  time = 1_000_000;
  sockets: FakeSocket[] = [];
  /** What `random` gives next, again and again. */
  chance = 0.5;
  private made = 0;
  private timers: { at: number; act: () => void }[] = [];

  connect(url: string): WebSocket {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket as unknown as WebSocket;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, act: () => void): Timer {
    const timer = { at: this.time + ms, act };
    this.timers.push(timer);
    return {
      cancel: () => void (this.timers = this.timers.filter((one) => one !== timer)),
    };
  }

  random(): number {
    return this.chance;
  }

  newId(): string {
    return `id-${(this.made += 1)}`;
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("nobody has connected");
    return socket;
  }

  /** Lets `ms` pass, and all that falls due in them happen. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.timers
        .filter(({ at }) => at <= end)
        .toSorted((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers = this.timers.filter((one) => one !== due);
      this.time = Math.max(this.time, due.at);
      due.act();
    }
    this.time = end;
  }
}

/** The client's end of a connection; a test is the other one. */
export class FakeSocket extends EventTarget {
  readyState = 0;
  /** What the client has said, oldest first. */
  sent: string[] = [];
  closedWith: number | undefined;
  /** Hears what the client says. */
  heard: (payload: string) => void = () => undefined;

  constructor(readonly url: string) {
    super();
  }

  get said(): Record<string, unknown>[] {
    return this.sent.map((payload) => JSON.parse(payload));
  }

  open(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  send(payload: string): void {
    this.sent.push(payload);
    this.heard(payload);
  }

  say(frame: object): void {
    const data = JSON.stringify(frame);
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  close(code: number): void {
    this.closedWith ??= code;
    this.readyState = 3;
  }

  /** The server, or the network, ends it. */
  end(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }
}

/** Lets everything that awaits a settled promise go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}
