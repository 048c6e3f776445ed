/** What a shop says when it boots the widget. */

import type { Token } from "../shared/protocol/token";

export interface Options {
  site: string;
  /** A token of the shop's for who is signed in, or what fetches one. */
  token?: Token;
  /** `en`, `pl`, `de` or `ar`; by default the shop's setting, then the browser's. */
  locale?: string;
  /** Wins over the shop's settings. */
  theme?: Theme;
  /** What the header says. */
  name?: string;
  /** Where the shop's visitors sign in, or what shows them how. */
  signIn?: string | (() => void);
  /** Whether there is a button to open the chat; without it, `show` does. */
  launcher?: boolean;
}

export interface Theme {
  /** `#rrggbb`, or a hue from 0 to 359. */
  accent?: string;
  scheme?: "light" | "dark" | "auto";
  /** The corner: at the end of a line, or its start. */
  position?: "end" | "start";
  font?: string;
  /** Of the corners, in pixels. */
  radius?: string;
  /** What the header says. */
  name?: string;
}

/** Events that a shop may listen to. */
export type Told =
  | "ready"
  | "open"
  | "close"
  | "unread"
  | "message"
  | "status"
  | "error"
  | "signin"
  | "track";

/** Returns the options of a `boot`, which may be anything. */
export function asked(given: unknown, before: Options): Options {
  return typeof given === "object" && given !== null ? { ...before, ...given } : before;
}
