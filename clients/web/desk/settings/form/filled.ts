/** Templates as somebody might get them. */

import { t } from "../../words/words";

/** Returns a template with example values; what has none is its word behind the bar. */
export function filled(template: string): string {
  return template.replace(
    /\{\{\s*([\w.]+)\s*(?:\|([^}]*))?\}\}/gu,
    (_, name: string, other: string | undefined) => {
      const key = `example.${name}`;
      const example = t(key);
      return example === key ? (other?.trim() ?? "") : example;
    },
  );
}
