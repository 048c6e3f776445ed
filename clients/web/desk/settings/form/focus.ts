/** Where the keyboard goes on. */

/** Puts the focus on what is drawn next, or on the first control in it. */
export function focusSoon(id: string): void {
  requestAnimationFrame(() => {
    const found =
      document.getElementById(id) ??
      document.querySelector(`[id^="${CSS.escape(id)}."]`);
    if (found instanceof HTMLElement) found.focus();
  });
}
