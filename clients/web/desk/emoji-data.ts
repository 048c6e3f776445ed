/** Where the names of emoji are served: beside the widget, which has them too. */

export function emojiData(language: string): string {
  const file = __LATER__[`emoji-${language}`] ?? __LATER__["emoji-en"] ?? "";
  return `/widget/${file}`;
}
