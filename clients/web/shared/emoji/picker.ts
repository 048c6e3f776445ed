/**
 * The emoji picker: emoji-picker-element with our own copy of its data, so that nobody
 * else's server is asked. The build makes it fit pages that allow no inline styles
 * (`vite.config.ts`). A desk loads this file with `import()`, the widget as a chunk.
 */

import ar from "emoji-picker-element/i18n/ar";
import de from "emoji-picker-element/i18n/de";
import en from "emoji-picker-element/i18n/en";
import pl from "emoji-picker-element/i18n/pl";
import Picker from "emoji-picker-element/picker";

const WORDS: Record<string, typeof en> = { ar, de, en, pl };

export interface PickerOptions {
  /** `en`, `pl`, `de` or `ar`. */
  language: string;
  /** Where the data for the language is served. */
  data: string;
  onPick(emoji: string): void;
}

/** Returns a picker, to be put wherever it is wanted. */
export function emojiPicker({ language, data, onPick }: PickerOptions): HTMLElement {
  const picker = new Picker({
    // Names the store in the browser: one for each language of data.
    locale: language in WORDS && language !== "ar" ? language : "en",
    dataSource: data,
    i18n: WORDS[language] ?? en,
  });
  picker.addEventListener("emoji-click", (event) => {
    if (event.detail.unicode) onPick(event.detail.unicode);
  });
  // Drawn a moment later. On a phone the keyboard would cover what there is to pick.
  requestAnimationFrame(() => {
    if (matchMedia("(pointer: fine)").matches)
      picker.shadowRoot?.querySelector<HTMLElement>("#search")?.focus();
  });
  return picker;
}
