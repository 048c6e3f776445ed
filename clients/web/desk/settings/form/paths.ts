/** Places in a document: `$.sla.policies[1].name`, as the broker names them. */

export type Step = string | number;
export type Path = readonly Step[];

/** Returns the steps of a path as the broker writes it, without its first `skipped`. */
export function parsed(path: string, skipped = 0): Path {
  const steps = [...path.replace(/^\$/u, "").matchAll(/\.([^.[\]]+)|\[(\d+)\]/gu)];
  return steps
    .map(([, name, place]) => (name === undefined ? Number(place) : name))
    .slice(skipped);
}

/** Returns a path as one word: `sla.policies.1.name`. */
export function written(path: Path): string {
  return path.join(".");
}

/** Returns a path without places in lists: what all their items have in common. */
export function general(path: Path): string {
  return written(path.filter((step) => typeof step === "string"));
}

/** Returns whether `path` is `outer`, or lies within it. */
export function within(path: Path, outer: Path): boolean {
  return outer.every((step, at) => path[at] === step);
}

/** Returns what stands at a place, or nothing. */
export function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const step of path) {
    if (value === null || typeof value !== "object") return undefined;
    value = (value as Record<Step, unknown>)[step];
  }
  return value;
}

/** Returns the document with another value at a place; what it had stays as it is. */
export function withValue<T>(document: T, path: Path, value: unknown): T {
  const [step, ...rest] = path;
  if (step === undefined) return value as T;
  const inner = withValue(valueAt(document, [step]), rest, value);
  if (Array.isArray(document)) {
    return document.map((item, at) => (at === step ? inner : item)) as T;
  }
  return { ...document, [step]: inner };
}
