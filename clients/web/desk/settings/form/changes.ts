/** What differs between two forms of a document, and how two people's edits come together. */

import type { Path } from "./paths";

export interface Change {
  path: Path;
  /** `undefined`: it was not there, or is not any more. */
  before: unknown;
  after: unknown;
  /** Only its place in the list differs. */
  moved?: boolean;
}

interface Named {
  id: string;
}

/** Returns the differences, in the order of `after`; items with ids are told apart by them. */
export function changes(before: unknown, after: unknown, path: Path = []): Change[] {
  if (same(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) =>
      changes(before[name], after[name], [...path, name]),
    );
  }
  if (areNamed(before) && areNamed(after)) return itemChanges(before, after, path);
  return [{ path, before, after }];
}

function itemChanges(
  before: readonly Named[],
  after: readonly Named[],
  path: Path,
): Change[] {
  const old = new Map(before.map((item) => [item.id, item]));
  const kept = new Set(after.map((item) => item.id));
  const found: Change[] = [];
  after.forEach((item, at) => {
    const was = old.get(item.id);
    if (!same(was, item)) found.push({ path: [...path, at], before: was, after: item });
  });
  before.forEach((item, at) => {
    if (!kept.has(item.id)) {
      found.push({ path: [...path, at], before: item, after: undefined });
    }
  });
  const order = (items: readonly Named[], others: ReadonlySet<string>) =>
    items.map((item) => item.id).filter((id) => others.has(id));
  const both = new Set([...kept].filter((id) => old.has(id)));
  if (!same(order(before, both), order(after, both))) {
    found.push({ path, before, after, moved: true });
  }
  return found;
}

/**
 * Returns `theirs` with what `mine` has changed since `base`.
 *
 * Where both have changed the same thing, mine stands: it is on the screen, and was
 * shown beside the other before anybody chose to keep it.
 */
export function merged(base: unknown, mine: unknown, theirs: unknown): unknown {
  if (same(mine, base)) return theirs;
  if (same(theirs, base)) return mine;
  if (isRecord(mine) && isRecord(theirs)) {
    const from = isRecord(base) ? base : {};
    const names = new Set([...Object.keys(theirs), ...Object.keys(mine)]);
    const entries = [...names].map((name): [string, unknown] => [
      name,
      merged(from[name], mine[name], theirs[name]),
    ]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
  if (areNamed(mine) && areNamed(theirs)) {
    return mergedItems(areNamed(base) ? base : [], mine, theirs);
  }
  return mine;
}

/** Mine in my order, then what they have added; gone is what either has removed unchanged. */
function mergedItems(
  base: readonly Named[],
  mine: readonly Named[],
  theirs: readonly Named[],
): Named[] {
  const byId = (items: readonly Named[]) =>
    new Map(items.map((item) => [item.id, item]));
  const [old, own, other] = [byId(base), byId(mine), byId(theirs)];
  const ids = new Set([...own.keys(), ...other.keys()]);
  return [...ids]
    .map((id) => merged(old.get(id), own.get(id), other.get(id)))
    .filter((item): item is Named => item !== undefined);
}

/** Returns whether two values are the same, as JSON has them. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return (
      one.length === other.length && one.every((item, at) => same(item, other[at]))
    );
  }
  if (!isRecord(one) || !isRecord(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => name in other && same(one[name], other[name]))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function areNamed(value: unknown): value is readonly Named[] {
  return (
    Array.isArray(value) &&
    value.every((item) => isRecord(item) && typeof item["id"] === "string")
  );
}
