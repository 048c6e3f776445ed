/** The one global, before and after the widget has loaded. */

/** A call as the shop made it: a command and its arguments. */
export type Call = [command: string, ...args: unknown[]];

/** What `window.Shopwire` is until the widget has loaded: it remembers the calls. */
export interface Queue {
  (...call: Call): void;
  /** Calls to be carried out, oldest first. */
  q?: Call[];
  /** The script that loaded us: it knows the server, the site and the nonce. */
  from?: HTMLScriptElement;
}

declare global {
  interface Window {
    Shopwire?: Queue;
  }
}
