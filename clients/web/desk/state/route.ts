/** What the address says is on the screen: `#/mine/open/06H…`, `#/settings/hours`. */

import type { View } from "./inbox";
import type { Status } from "./ticket";

export type Route =
  | { page: "inbox"; view: View; chat?: string }
  | { page: "settings"; topic: string }
  | { page: "reports" };

const NAMES = /^(all|mine|unassigned|bot|team:.{1,64})$/u;
const STATUSES: ReadonlySet<string> = new Set(["open", "snoozed", "closed"]);
export const HOME: View = { name: "all", status: "open" };

export function routeOf(hash: string): Route {
  const [page = "", ...rest] = hash.replace(/^#\/?/u, "").split("/").map(decoded);
  if (page === "settings") return { page, topic: rest[0] ?? "" };
  if (page === "reports") return { page };
  if (!NAMES.test(page)) return { page: "inbox", view: HOME };
  const status = STATUSES.has(rest[0] ?? "") ? (rest[0] as Status) : "open";
  const [, chat] = rest;
  const view = { name: page, status };
  return chat ? { page: "inbox", view, chat } : { page: "inbox", view };
}

export function hashOf(route: Route): string {
  if (route.page === "reports") return "#/reports";
  if (route.page === "settings") return `#/settings/${encodeURIComponent(route.topic)}`;
  const parts = [route.view.name, route.view.status, route.chat];
  return `#/${parts.filter(Boolean).map(encoded).join("/")}`;
}

function encoded(part: string | undefined): string {
  // A team's colon may stand as it is.
  return encodeURIComponent(part ?? "").replaceAll("%3A", ":");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
