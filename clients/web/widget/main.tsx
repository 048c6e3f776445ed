/** What `Shopwire(…)` does, once the widget has loaded. */

import { Later } from "../shared/chunk";
import { Model } from "./model";
import { asked, type Options, type Told } from "./options";
import type { Call, Queue } from "./queue";
import type { Token } from "../shared/protocol/token";
import { countInTitle } from "./title";
import { Widget } from "./widget";

type Listener = (about?: unknown) => void;

class Shop {
  private model: Model | undefined;
  private widget: Widget | undefined;
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly later: Later;
  private options: Options;

  constructor(private readonly from: HTMLScriptElement) {
    this.options = this.asLoaded();
    const base = new URL("widget/", from.src).href;
    this.later = new Later(base, __LATER__, from.nonce);
    addEventListener("online", () => this.model?.setNetwork(true));
    addEventListener("offline", () => this.model?.setNetwork(false));
    addEventListener("pageshow", () => this.model?.wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      this.model?.wake();
      this.model?.look();
    });
  }

  private asLoaded(): Options {
    return { site: this.from.dataset["site"] ?? "default" };
  }

  get booted(): boolean {
    return this.model !== undefined;
  }

  /** Carries out one call; what a page gets wrong must not stop the page. */
  call([command, ...args]: Call): unknown {
    const [first, second] = args;
    switch (command) {
      case "boot":
        return this.boot(first);
      case "identify":
        this.model ??= this.boot({});
        return void this.model.identify(tokenIn(first));
      case "logout":
        return void this.model?.logout();
      case "show":
      case "hide":
        return this.model?.show(command === "show");
      case "toggle":
        return this.model?.show(!this.model.state.open);
      case "on":
        return this.on(String(first), second as Listener);
      case "track":
        // Nothing is sent: events of a person are the shop's server's to tell.
        return this.tell("track", { event: first, about: second });
      case "destroy":
        return this.destroy();
      default:
        return this.tell("error", { code: "unknown_command", command });
    }
  }

  boot(given: unknown): Model {
    this.options = asked(given, this.options);
    if (this.model) {
      const { token } = this.options;
      if (token !== this.model.options.token && token) void this.model.identify(token);
      this.model.options = this.options;
      return this.model;
    }
    const widget = new Widget(
      () => this.model as Model,
      () => this.options.launcher !== false,
    );
    this.widget = widget;
    this.model = new Model(
      this.from.src,
      this.options,
      this.later,
      widget.draw,
      (what, about) => this.tell(what, about),
    );
    this.model.start();
    return this.model;
  }

  private on(what: string, listener: Listener): () => void {
    const listeners = this.listeners.get(what) ?? new Set();
    this.listeners.set(what, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  private tell(what: Told, about?: unknown): void {
    if (what === "unread") countInTitle(about as number);
    for (const listener of this.listeners.get(what) ?? []) {
      // A listener's mistake is the page's, not ours.
      queueMicrotask(() => listener(about));
    }
  }

  private destroy(): void {
    this.model?.destroy();
    this.widget?.remove();
    this.model = this.widget = undefined;
    // Who boots next may be somebody else, on another site.
    this.options = this.asLoaded();
    countInTitle(0);
  }
}

/** Returns the token in `identify(jwt)`, `identify(fetchOne)` or `identify({ jwt })`. */
function tokenIn(given: unknown): Token {
  if (typeof given === "string" || typeof given === "function") return given as Token;
  return (given as { jwt?: Token } | undefined)?.jwt;
}

const waiting = window.Shopwire;
if (waiting?.from) {
  const shop = new Shop(waiting.from);
  const calls = waiting.q ?? [];
  // Listeners first: who asks for `ready` is to hear it. Then what makes the widget, so
  // that what is to be done with it finds one.
  const first = ["on", "boot"];
  for (const name of first) {
    for (const call of calls.filter(([command]) => command === name)) shop.call(call);
  }
  if (!shop.booted && waiting.from.dataset["boot"] !== "manual") shop.boot({});
  for (const call of calls.filter(([command]) => !first.includes(command))) {
    shop.call(call);
  }
  const api: Queue = (...call: Call) => shop.call(call);
  api.from = waiting.from;
  window.Shopwire = api;
}
