/** Lists of items with ids: another order, new ones, and those that are looked for. */

/** Returns the items with the one at `from` standing at `to`. */
export function reordered<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, at) => at !== from);
  const moved = items[from];
  if (moved === undefined) return rest;
  return [...rest.slice(0, to), moved, ...rest.slice(to)];
}

/** Returns an id that no item has, made of `words` if there are any. */
export function freshId(items: readonly { id: string }[], words: string): string {
  const taken = new Set(items.map((item) => item.id));
  const plain = words
    .normalize("NFD")
    .toLowerCase()
    .replaceAll("ł", "l")
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/gu, "-")
    .replace(/^-|-$/gu, "")
    .slice(0, 40);
  const base = plain || "item";
  for (let number = 1; ; number += 1) {
    const id = number === 1 && plain ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
}

/** Returns the places of items in which all the words stand. */
export function found(texts: readonly string[], query: string): number[] {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean);
  return texts.flatMap((text, at) => {
    const low = text.toLowerCase();
    return words.every((word) => low.includes(word)) ? [at] : [];
  });
}
