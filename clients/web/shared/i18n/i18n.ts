/** What is said, in the person's language; dates and numbers as `Intl` has them. */

/** One form of words for each kind of number that the language has. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Texts by key; `{name}` stands for what is put in, `{n}` in a plural for the number. */
export type Catalogue = Readonly<Record<string, string | Plural>>;

export type Values = Record<string, string | number>;

/** Languages written from right to left. */
const RIGHT_TO_LEFT = /^(ar|fa|he|ur)\b/;

/** Says things in one language. `K` are the keys that there are. */
export class Speech<K extends string = string> {
  readonly dir: "ltr" | "rtl";
  private readonly plurals: Intl.PluralRules;
  private readonly formats = new Map<string, Intl.DateTimeFormat>();

  /**
   * What `texts` lacks is said as in `fallback`. `region` is the person's own kind of the
   * language, as `en-GB`, for dates and times.
   */
  constructor(
    readonly locale: string,
    private readonly texts: Catalogue,
    private readonly fallback: Catalogue = texts,
    private readonly region = locale,
  ) {
    this.dir = RIGHT_TO_LEFT.test(locale) ? "rtl" : "ltr";
    this.plurals = new Intl.PluralRules(locale);
  }

  /** Returns the text of `key`. */
  say(key: K, values: Values = {}): string {
    const found = this.texts[key] ?? this.fallback[key] ?? key;
    const text =
      typeof found === "string" ? found : this.chosen(found, Number(values["n"]));
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return typeof value === "number" ? this.number(value) : (value ?? whole);
    });
  }

  number(value: number): string {
    return value.toLocaleString(this.region);
  }

  /** Returns the time of day. */
  time(at: number): string {
    return this.format({ hour: "numeric", minute: "2-digit" }).format(at);
  }

  /** Returns the day: `Today`, `Yesterday`, or a date, with the year if it is another. */
  day(at: number, now: number): string {
    const days = dayNumber(at) - dayNumber(now);
    if (Math.abs(days) <= 1) return capital(this.near(days), this.locale);
    const year = new Date(at).getFullYear() === new Date(now).getFullYear();
    const date = { day: "numeric", month: "long" } as const;
    return this.format(
      year ? { weekday: "long", ...date } : { ...date, year: "numeric" },
    ).format(at);
  }

  /** Returns a moment to come: the time, with the day if that is another. */
  moment(at: number, now: number): string {
    const days = dayNumber(at) - dayNumber(now);
    if (days === 0) return this.time(at);
    if (days === 1) return `${this.near(1)} ${this.time(at)}`;
    const day = { weekday: "long", hour: "numeric", minute: "2-digit" } as const;
    const date = { ...day, day: "numeric", month: "long" } as const;
    return this.format(days < 7 ? day : date).format(at);
  }

  private near(days: number): string {
    const format = new Intl.RelativeTimeFormat(this.locale, { numeric: "auto" });
    return format.format(days, "day");
  }

  private chosen(plural: Plural, n: number): string {
    return plural[this.plurals.select(n)] ?? plural.other;
  }

  private format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = JSON.stringify(options);
    const known =
      this.formats.get(key) ?? new Intl.DateTimeFormat(this.region, options);
    this.formats.set(key, known);
    return known;
  }
}

/** Returns the language of `known` that suits `wanted`, the most wanted first. */
export function chosenLanguage(
  wanted: readonly (string | undefined)[],
  known: readonly string[],
): string {
  for (const locale of wanted) {
    const language = locale?.toLowerCase().split(/[-_]/)[0];
    if (language !== undefined && known.includes(language)) return language;
  }
  return known[0] ?? "en";
}

/** Returns the number of a moment's day here, one more each midnight. */
export function dayNumber(at: number): number {
  const date = new Date(at);
  return Math.round(
    Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000,
  );
}

function capital(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}
