/** What views are called. */

import type { View } from "../state/inbox";
import type { Crew } from "../state/ticket";
import { t } from "../words/words";

export const NAMES_OF_VIEWS: ReadonlySet<string> = new Set([
  "all",
  "mine",
  "unassigned",
  "bot",
]);

export function viewTitle(view: View, teams: readonly Crew[]): string {
  if (view.name === "all" && view.status !== "open") return t(`view_${view.status}`);
  if (NAMES_OF_VIEWS.has(view.name)) return t(`view_${view.name}`);
  const id = view.name.replace(/^team:/u, "");
  return teams.find((team) => team.id === id)?.name ?? t("team");
}
