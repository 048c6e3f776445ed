import { expect, test } from "vitest";
import { contrast, hex, parsed, TEXT, WHITE } from "../../shared/design/colour";
import { accentOf, ACCENT, tokens, worstPair } from "../../shared/design/tokens";

test("white on black is as far apart as can be", () => {
  expect(contrast(WHITE, { l: 0, c: 0, h: 0 })).toBeCloseTo(21, 1);
});

test.each(["#000000", "#ffffff", "#2f5bd7", "#ffd400", "#0f0", "#c0392b"])(
  "%s comes through unharmed",
  (colour) => {
    const back = hex(parsed(colour) ?? WHITE);
    const long = colour.length === 4 ? "#00ff00" : colour;
    expect(back).toBe(long);
  },
);

test("whatever a shop likes can be read, by day and by night", () => {
  const accents = ["#000", "#fff", "#ff0", "#777", "#ffd400", "#ff69b4", "#00ffcc"];
  for (let hue = 0; hue < 360; hue += 10) accents.push(String(hue));
  for (const accent of accents) {
    for (const scheme of ["light", "dark"] as const) {
      const [pair, ratio] = worstPair(tokens(accentOf(accent), scheme));
      expect(ratio, `${pair} for ${accent}, ${scheme}`).toBeGreaterThanOrEqual(TEXT);
    }
  }
});

test("what is no colour leaves ours", () => {
  expect(accentOf("red; } * { display: none")).toBe(ACCENT);
  expect(accentOf(undefined)).toBe(ACCENT);
});
