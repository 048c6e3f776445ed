/** A value that is watched, and a hook that draws again when a part of it changes. */

import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";

export class Store<S> {
  private readonly watchers = new Set<() => void>();

  constructor(private state: S) {}

  get(): S {
    return this.state;
  }

  set(next: S): void {
    if (Object.is(next, this.state)) return;
    this.state = next;
    for (const watcher of this.watchers) watcher();
  }

  update(change: (state: S) => S): void {
    this.set(change(this.state));
  }

  /** Calls `watcher` after every change, until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

/** Returns the part of a store that `choose` picks; draws again only if that differs. */
export function useStore<S>(store: Store<S>): S;
export function useStore<S, T>(store: Store<S>, choose: (state: S) => T): T;
export function useStore<S>(
  store: Store<S>,
  choose: (state: S) => unknown = (state) => state,
): unknown {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const chosen = choose(store.get());
  const last = useRef({ choose, chosen });
  useLayoutEffect(() => {
    last.current = { choose, chosen };
  });
  useEffect(() => {
    const look = () => {
      const now = last.current.choose(store.get());
      if (!Object.is(now, last.current.chosen)) draw(0);
    };
    // It may have changed between the drawing and this.
    look();
    return store.watch(look);
  }, [store]);
  return chosen;
}
