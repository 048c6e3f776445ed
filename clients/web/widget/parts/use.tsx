/** What all parts have: the model, and what is said. */

import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import type { Key } from "../language";
import type { Values } from "../../shared/i18n/i18n";
import type { Model } from "../model";
import type { State } from "../state";

export const Shown = createContext<{ model: Model; state: State }>(
  undefined as unknown as { model: Model; state: State },
);

/** Returns the model, its state, and a function that says a text. */
export function useModel(): {
  model: Model;
  state: State;
  t: (key: Key, values?: Values) => string;
} {
  const { model, state } = useContext(Shown);
  return { model, state, t: (key, values) => state.say.say(key, values) };
}

/** Puts the focus on an element when it appears: what was focused has just gone. */
export function useFocus<E extends HTMLElement>() {
  const ref = useRef<E>(null);
  useEffect(() => ref.current?.focus({ preventScroll: true }), []);
  return ref;
}
