/** Who views a chat and who types in it: never kept, and forgotten by themselves. */

export interface Sign {
  by: string;
  what: string;
  note: boolean;
  until: number;
}

/** As long as the broker lets a sign last, and a little for its way here. */
const LASTS: Record<string, number> = {
  typing: 6500,
  viewing: 20_000,
  thinking: 15_000,
};

export function signed(
  signs: readonly Sign[],
  sign: { by: string; what: string; on: boolean; note?: boolean },
  now: number,
): readonly Sign[] {
  const others = fresh(signs, now).filter(
    (each) => each.by !== sign.by || each.what !== sign.what,
  );
  if (!sign.on) return others;
  const until = now + (LASTS[sign.what] ?? 6500);
  return [...others, { by: sign.by, what: sign.what, note: sign.note ?? false, until }];
}

/** Whoever has said something types no more. */
export function spoken(signs: readonly Sign[], by: string): readonly Sign[] {
  return signs.filter((each) => each.by !== by || each.what === "viewing");
}

export function fresh(signs: readonly Sign[], now: number): readonly Sign[] {
  return signs.some((each) => each.until <= now)
    ? signs.filter((each) => each.until > now)
    : signs;
}
