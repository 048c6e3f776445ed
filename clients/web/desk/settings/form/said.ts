/** What fields are called, what they are for, and what is wrong with them. */

import { has, spoken, t } from "../../words/words";
import { HELP_PL } from "../words/help";
import type { Change } from "./changes";
import { type Path, general, valueAt } from "./paths";
import { type Field, broken } from "./schema";

/** Returns what a setting is called. */
export function labelOf(path: Path): string {
  const key = `set.${general(path)}`;
  if (has(key)) return t(key);
  const name = String(path.findLast((step) => typeof step === "string") ?? "");
  return name.replaceAll("_", " ");
}

/** Returns what a setting is for: the broker says it in English. */
export function helpOf(field: Field, path: Path): string {
  const known = spoken() === "pl" ? HELP_PL[general(path)] : undefined;
  return (
    known ??
    field.help.replace(/[;,]? ?null: ([^.;]+)/u, "; off: $1").replace(/^; /u, "")
  );
}

/** Returns what one of several choices is called. */
export function optionOf(path: Path, option: string): string {
  const key = `set.${general(path)}.${option}`;
  return has(key) ? t(key) : option;
}

/** Returns which bound a value does not keep, in words. */
export function wrongWith(field: Field, value: unknown): string | undefined {
  const bound = broken(field, value);
  if (bound === undefined) return undefined;
  const min = "min" in field ? (field.min ?? 0) : 0;
  const max = "max" in field ? (field.max ?? 0) : 0;
  return t(`wrong_${bound}`, { min, max });
}

/** Returns where a change is, as somebody would say it: `Promises, first answer`. */
export function placeOf(change: Change): string {
  const { path, before, after } = change;
  const item = after ?? before;
  for (const name of ["question", "title", "name"]) {
    const title = valueAt(item, [name]);
    if (typeof title === "string" && typeof path.at(-1) === "number") {
      return t("change_item", { title: title || t("nameless_item") });
    }
  }
  if (path.length === 0) return t("change_order");
  const section = labelOf(path.slice(0, 1));
  const setting = labelOf(path);
  return setting === section ? section : `${section}: ${setting}`;
}

/** Returns a value as it is shown beside another one. */
export function valueOf(value: unknown, path: Path): string {
  if (value === null || value === undefined || value === "") return t("value_none");
  if (typeof value === "boolean") return t(value ? "value_on" : "value_off");
  if (typeof value === "string") return optionOf(path, value);
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) {
    return value.join(", ") || t("value_none");
  }
  for (const name of ["answer", "text"]) {
    const text = valueAt(value, [name]);
    if (typeof text === "string" && text !== "") return text;
  }
  return JSON.stringify(value);
}
