/** What an agent has chosen for this browser; the broker knows nothing of it. */

import { Store } from "../state/store";

export interface Prefs {
  theme: "auto" | "light" | "dark";
  language: "auto" | "en" | "pl";
  sound: boolean;
  notify: boolean;
  /** Widths of the panes in pixels. */
  list: number;
  person: number;
  /** Whether the person is shown beside the thread, where there is room. */
  showPerson: boolean;
}

export const DEFAULTS: Prefs = {
  theme: "auto",
  language: "auto",
  sound: false,
  notify: false,
  list: 340,
  person: 320,
  showPerson: true,
};

const KEY = "shopwire.desk.prefs";

/** Returns the preferences, kept from now on whenever they change. */
export function keptPrefs(storage: Storage): Store<Prefs> {
  const store = new Store<Prefs>({ ...DEFAULTS, ...read(storage, KEY) });
  store.watch(() => write(storage, KEY, store.get()));
  return store;
}

/** Returns what is kept under a name, if it is an object. */
export function read(storage: Storage, name: string): object {
  try {
    const value: unknown = JSON.parse(storage.getItem(name) ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Keeps `value`; without room for it the desk works on, and forgets. */
export function write(storage: Storage, name: string, value: unknown): void {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // Full, or forbidden by the browser.
  }
}
