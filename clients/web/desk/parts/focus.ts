/**
 * Where the focus goes when what had it is gone: a row that left the list, a button that
 * has done its work, a pane that a narrow screen hides.
 *
 * Browsers give it to the page then, and who has no mouse begins at the top again.
 */

import { useLayoutEffect } from "preact/hooks";

/** Where one goes on, best first. */
const PLACES = [
  ".list .row[aria-current]",
  ".list .row, .list .hit",
  ".thread .virtual",
  "main h1[tabindex]",
];
/** While rows are on their way, nothing lesser is taken. */
const COMING = ".list .skeleton, .desk-coming";

/** Puts the focus on the list, or on what stands in its place on a narrow screen. */
export function focusList(): void {
  placeOf()?.focus({ preventScroll: true });
}

/** Puts the focus on the row of the conversation that is open, if another row has it. */
export function followRow(): void {
  if (!document.activeElement?.matches(".list .row")) return;
  requestAnimationFrame(() => {
    const row = document.querySelector<HTMLElement>(PLACES[0] as string);
    row?.focus({ preventScroll: true });
  });
}

function placeOf(): HTMLElement | undefined {
  for (const place of PLACES) {
    const found = [...document.querySelectorAll<HTMLElement>(place)];
    const there = found.find((each) => each.checkVisibility());
    if (there) return there;
  }
  return undefined;
}

/** Sees to it that the focus is never lost for good, as long as its owner is there. */
export function useFocusKept(): void {
  useLayoutEffect(() => {
    let last: Element | undefined;
    let due = false;
    const remember = ({ target }: FocusEvent) => {
      last = target instanceof Element ? target : undefined;
    };
    // Who clicks beside everything has left it on purpose.
    const forget = () => {
      last = undefined;
    };
    const look = () => {
      due = false;
      if (!last || (last.isConnected && last.checkVisibility())) return;
      const now = document.activeElement;
      if (now && now !== document.body && now.checkVisibility()) return;
      if (!document.querySelector(COMING)) focusList();
    };
    const changed = () => {
      if (due) return;
      due = true;
      requestAnimationFrame(look);
    };
    const watcher = new MutationObserver(changed);
    watcher.observe(document.body, { childList: true, subtree: true });
    addEventListener("focusin", remember);
    addEventListener("pointerdown", forget, true);
    return () => {
      watcher.disconnect();
      removeEventListener("focusin", remember);
      removeEventListener("pointerdown", forget, true);
    };
  }, []);
}
