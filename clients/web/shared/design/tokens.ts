/**
 * The design's tokens, as CSS custom properties: see `tokens.css` for those that do not
 * depend on the accent. Each text pair has a contrast of at least 4.5, by computation.
 */

import { accented, contrast, hex, parsed, readable, TEXT, type Oklch } from "./colour";

export type Scheme = "light" | "dark";

/** Lightness of the nine neutral steps, from the page's ground to its text. */
const NEUTRALS: Record<Scheme, readonly number[]> = {
  light: [1, 0.982, 0.962, 0.93, 0.88, 0.66, 0.5, 0.36, 0.21],
  dark: [0.2, 0.235, 0.27, 0.31, 0.37, 0.54, 0.72, 0.86, 0.96],
};
/** So that greys sit well beside the accent; too little to be seen as a colour. */
const TINT = 0.006;

const STATUS: Record<string, Oklch> = {
  waiting: { l: 0.72, c: 0.15, h: 70 },
  overdue: { l: 0.58, c: 0.2, h: 27 },
  ok: { l: 0.6, c: 0.14, h: 150 },
  note: { l: 0.8, c: 0.13, h: 90 },
};

/** What a shop without a wish gets: a calm blue. */
export const ACCENT: Oklch = { l: 0.52, c: 0.17, h: 262 };

/** Returns the properties of one scheme, by name without the dashes. */
export function tokens(accent: Oklch, scheme: Scheme): Record<string, string> {
  const greys = NEUTRALS[scheme].map((l): Oklch => ({ l, c: TINT, h: accent.h }));
  const [ground] = greys as [Oklch];
  const raised = greys[2] as Oklch;
  const { ground: fill, text: onFill } = accented(accent);
  const named: Record<string, string> = {};
  greys.forEach((grey, step) => (named[`n${step}`] = hex(grey)));
  // Quiet text stands on raised grounds too.
  named["n6"] = hex(readable(greys[6] as Oklch, raised));
  named["accent"] = hex(fill);
  named["on-accent"] = hex(onFill);
  // Links, and outlined controls: text on the page itself, raised grounds included.
  named["accent-text"] = hex(readable(fill, raised));
  named["accent-soft"] = hex({
    l: scheme === "light" ? 0.955 : 0.3,
    c: 0.03,
    h: accent.h,
  });
  named["on-accent-soft"] = hex(readable(greys[8] as Oklch, ground));
  for (const [name, colour] of Object.entries(STATUS)) {
    named[name] = hex(colour);
    named[`${name}-text`] = hex(readable(colour, raised));
    named[`${name}-soft`] = hex({
      l: scheme === "light" ? 0.95 : 0.3,
      c: 0.045,
      h: colour.h,
    });
  }
  return named;
}

/** Returns the accent that a shop asks for, as `#rrggbb` or a hue, or ours. */
export function accentOf(wanted: string | undefined): Oklch {
  return (wanted && parsed(wanted)) || ACCENT;
}

/** Returns `tokens` as declarations of a style sheet. */
export function declarations(named: Record<string, string>): string {
  return Object.entries(named)
    .map(([name, value]) => `--${name}:${value};`)
    .join("");
}

/** Returns the lowest contrast of the pairs that carry text, for the tests. */
export function worstPair(
  named: Record<string, string>,
): [pair: string, ratio: number] {
  const pairs = [
    ["n8", "n0"],
    ["n8", "n1"],
    ["n8", "n2"],
    ["n7", "n2"],
    ["n6", "n0"],
    ["n6", "n2"],
    ["on-accent", "accent"],
    ["accent-text", "n0"],
    ["accent-text", "n2"],
    ["n8", "accent-soft"],
    ...Object.keys(STATUS).flatMap((name) => [
      [`${name}-text`, "n0"],
      [`${name}-text`, "n2"],
      ["n8", `${name}-soft`],
    ]),
  ] as [string, string][];
  const colour = (name: string): Oklch => parsed(named[name] ?? "") ?? ACCENT;
  let worst: [string, number] = ["", Infinity];
  for (const [text, ground] of pairs) {
    const ratio = contrast(colour(text), colour(ground));
    if (ratio < worst[1]) worst = [`${text} on ${ground}`, ratio];
  }
  return worst;
}

export { TEXT };
