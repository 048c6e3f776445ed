/**
 * Colours that can be read, computed and not guessed: from one accent, whatever a shop
 * likes, to the pairs of foreground and background that are used.
 */

/** Lightness 0–1, chroma, hue in degrees. */
export interface Oklch {
  l: number;
  c: number;
  h: number;
}

type Rgb = readonly [red: number, green: number, blue: number];

/** WCAG 2.2 asks as much of text, and `PART` of parts of controls. */
export const TEXT = 4.5;
export const PART = 3;

/** Returns the colour of `#rgb` or `#rrggbb`, or a hue in degrees, or nothing. */
export function parsed(colour: string): Oklch | undefined {
  const bare = colour.trim();
  if (/^\d{1,3}$/.test(bare)) return { l: 0.55, c: 0.16, h: Number(bare) % 360 };
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(bare);
  const long = short
    ? undefined
    : /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(bare);
  const parts = short ?? long;
  if (!parts) return undefined;
  const [r = 0, g = 0, b = 0] = parts
    .slice(1)
    .map((part) => Number.parseInt(short ? part + part : part, 16) / 255);
  return toOklch([linear(r), linear(g), linear(b)]);
}

/** Returns the colour as `#rrggbb`, with as little less chroma as a screen needs. */
export function hex(colour: Oklch): string {
  const channels = fitted(colour).map((value) => {
    const byte = Math.round(gamma(Math.min(1, Math.max(0, value))) * 255);
    return byte.toString(16).padStart(2, "0");
  });
  return `#${channels.join("")}`;
}

/** Returns the contrast of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(one: Oklch, other: Oklch): number {
  // Of what is shown, after rounding.
  const [a, b] = [one, other].map((colour) => luminance(hexRgb(hex(colour)))) as [
    number,
    number,
  ];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/**
 * Returns `colour` as near to its own lightness as it can be read on `ground`, towards
 * whichever side is possible.
 */
export function readable(colour: Oklch, ground: Oklch, ratio = TEXT): Oklch {
  const lighter = ground.l < 0.6;
  for (let step = 0; step <= 100; step += 1) {
    const l = lighter
      ? colour.l + ((1 - colour.l) * step) / 100
      : colour.l * (1 - step / 100);
    const tried = { ...colour, l };
    if (contrast(tried, ground) >= ratio) return tried;
  }
  return { l: lighter ? 1 : 0, c: 0, h: 0 };
}

export const WHITE: Oklch = { l: 1, c: 0, h: 0 };
const INK: Oklch = { l: 0.2, c: 0, h: 0 };

/**
 * Returns the accent as a ground for text, and that text's colour: white, if the accent
 * need not be darkened beyond recognition for it, else nearly black.
 */
export function accented(accent: Oklch): { ground: Oklch; text: Oklch } {
  const forWhite = readable(accent, WHITE);
  if (accent.l - forWhite.l < 0.16) return { ground: forWhite, text: WHITE };
  return {
    ground: accent,
    text: contrast(accent, INK) >= TEXT ? INK : { ...INK, l: 0 },
  };
}

function fitted({ l, c, h }: Oklch): Rgb {
  let low = 0;
  let high = c;
  if (inGamut(toRgb({ l, c, h }))) return toRgb({ l, c, h });
  for (let step = 0; step < 16; step += 1) {
    const middle = (low + high) / 2;
    if (inGamut(toRgb({ l, c: middle, h }))) low = middle;
    else high = middle;
  }
  return toRgb({ l, c: low, h });
}

function inGamut(rgb: Rgb): boolean {
  return rgb.every((value) => value >= -0.0005 && value <= 1.0005);
}

function luminance([r, g, b]: Rgb): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function hexRgb(text: string): Rgb {
  const at = (index: number): number =>
    linear(Number.parseInt(text.slice(index, index + 2), 16) / 255);
  return [at(1), at(3), at(5)];
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function gamma(value: number): number {
  return value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055;
}

// Björn Ottosson's matrices: https://bottosson.github.io/posts/oklab/

function toRgb({ l, c, h }: Oklch): Rgb {
  const a = c * Math.cos((h * Math.PI) / 180);
  const b = c * Math.sin((h * Math.PI) / 180);
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

function toOklch([r, g, b]: Rgb): Oklch {
  const long = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const medium = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const short = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const l = 0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short;
  const a = 1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short;
  const bee = 0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short;
  const h = (Math.atan2(bee, a) * 180) / Math.PI;
  return { l, c: Math.hypot(a, bee), h: (h + 360) % 360 };
}
