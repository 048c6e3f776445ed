/** What happened in a conversation, in a line. */

import type { Base } from "../model/base";
import { type ChatEvent, agentOf, number, strings, text } from "../state/ticket";
import { dateTime, has, t } from "../words/words";

export function happening(event: ChatEvent, name: string, base: Base): string {
  const { body, kind } = event;
  const by = whoIs(event.by, name, base);
  const vars = { name, by };
  switch (kind) {
    case "opened":
      return t(body["channel"] === "sms" ? "ev_opened_sms" : "ev_opened", vars);
    case "legal":
    case "erased":
      return t(kind === "legal" ? "ev_legal" : "erased");
    case "faq":
      return t("ev_faq", { question: text(body["question"]) });
    case "closed":
      return known(`ev_closed_${text(body["reason"])}`, "ev_closed_agent", vars);
    case "status":
      return statusLine(body, vars);
    case "assigned":
      return assignedLine(event, by, base);
    case "control":
      return known(`ev_control_${text(body["to"])}`, "ev_control_none", vars);
    case "checkin":
      return known(`ev_checkin_${text(body["state"])}`, "ev_checkin_due", vars);
    case "handoff":
      return known(`ev_handoff_${text(body["state"])}`, "ev_other", { ...vars, kind });
    case "sms": {
      const reason = text(body["reason"]) || "?";
      return t(body["state"] === "failed" ? "ev_sms_failed" : "ev_sms_sent", {
        reason,
      });
    }
    case "tagged": {
      const add = strings(body["add"]);
      const tags = (add.length > 0 ? add : strings(body["remove"])).join(", ");
      return t(add.length > 0 ? "ev_tagged" : "ev_untagged", { by, tags });
    }
    case "rated": {
      const score = number(body["score"]) ?? 0;
      const said = text(body["text"]);
      return t(said ? "ev_rated_text" : "ev_rated", { score, text: said });
    }
    case "transfer": {
      const to = base.name(text(body["to"]));
      const offered = body["state"] === "offered";
      return t(offered ? "ev_transfer_offered" : "ev_transfer_ended", { to });
    }
    default:
      return t("ev_other", { kind });
  }
}

/** Returns what somebody is called in a line: `You`, `Anna`, the shopper's name. */
export function whoIs(person: string, name: string, base: Base): string {
  const agent = agentOf(person);
  if (agent === base.me) return t("you");
  if (agent !== undefined) return base.name(agent);
  return person === "bot" ? t("bot") : person === "system" ? t("system") : name;
}

function statusLine(body: ChatEvent["body"], vars: Record<string, string>): string {
  if (body["to"] !== "snoozed") {
    return t(body["why"] === "reply" ? "ev_woke_reply" : "ev_woke", vars);
  }
  const until = number(body["until"]);
  if (until === undefined) return t("ev_snoozed_reply", vars);
  return t("ev_snoozed", { ...vars, when: dateTime(until) });
}

function assignedLine(event: ChatEvent, by: string, base: Base): string {
  const { body } = event;
  const to = text(body["to"]);
  const why = text(body["why"]);
  const from = base.name(text(body["from"])) || t("somebody");
  if (!to) return t(why === "agent_left" ? "ev_left" : "ev_unassigned", { by, from });
  const name = to === base.me ? t("you") : base.name(to);
  if (why === "routing") return t("ev_assigned_routing", { to: name });
  const self = agentOf(event.by) === to || why === "reply";
  return t(self ? "ev_assigned_self" : "ev_assigned", { by, to: name });
}

function known(key: string, otherwise: string, vars: Record<string, string>): string {
  return t(has(key) ? key : otherwise, vars);
}
