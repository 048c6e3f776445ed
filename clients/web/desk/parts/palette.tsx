/** Finding anything by typing: conversations, people, macros, and what can be done. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Hit } from "../model/looking";
import { ACTIONS } from "../model/actions";
import { useStore } from "../state/store";
import { matching } from "../state/slash";
import { agentOf } from "../state/ticket";
import { dateTime, t } from "../words/words";
import { Sheet, printed } from "./bits";
import { useDesk } from "./context";
import { Pick, type Picked } from "./pick";

const EACH = 6;
const STILL_MS = 160;

export function Palette({ onClose }: { onClose: () => void }) {
  const desk = useDesk();
  const [typed, setTyped] = useState("");
  const [hits, setHits] = useState<readonly Hit[]>([]);
  const rows = useStore(desk.listing.inbox, (inbox) => inbox.rows);
  const macros = useStore(desk.looking.macros);
  const { shop, me, present } = useStore(desk.base.seat);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const open = desk.ticket;
  useEffect(() => void desk.looking.loadMacros(), []);
  const find = (q: string) => {
    setTyped(q);
    clearTimeout(timer.current);
    if (q.trim().length < 2) {
      setHits([]);
      return;
    }
    timer.current = setTimeout(
      () => void desk.looking.glance(q).then(setHits),
      STILL_MS,
    );
  };
  const choices = useMemo(() => {
    const q = typed.trim().toLocaleLowerCase();
    const fits = (label: string) => label.toLocaleLowerCase().includes(q);
    const found = new Map<string, Picked>();
    for (const row of rows) {
      if (found.size === EACH) break;
      if (!fits(row.name)) continue;
      found.set(row.chat, {
        id: `chat:${row.chat}`,
        label: row.name,
        hint: row.preview,
        icon: row.icon === "envelope" ? "envelope" : "chat",
        group: t("palette_chats"),
      });
    }
    for (const hit of hits) {
      if (found.has(hit.chat)) continue;
      found.set(hit.chat, {
        id: `chat:${hit.chat}`,
        label: hit.name || t("nameless"),
        hint: hit.kind === "name" ? dateTime(hit.at) : hit.snippet.join(""),
        icon: hit.channel === "sms" ? "envelope" : "chat",
        group: t("palette_chats"),
      });
    }
    const actions = ACTIONS.filter((each) => each.there(desk)).map((each) => ({
      id: `act:${each.id}`,
      label: t(each.label),
      hint: printed(each.keys ?? ""),
      icon: each.icon,
      group: t("palette_actions"),
    }));
    const people =
      open && open.status !== "closed"
        ? shop.agents.map((agent) => ({
            id: `give:${agent.id}`,
            label: t("palette_assign", {
              name: agent.id === me ? t("you") : agent.name,
            }),
            hint: t(`state_${present[agent.id] ?? "offline"}`),
            icon: "person" as const,
            group: t("palette_people"),
          }))
        : [];
    const texts =
      open && open.status !== "closed"
        ? matching(macros, q)
            .slice(0, EACH)
            .map((macro) => ({
              id: `macro:${macro.id}`,
              label: macro.name,
              hint: macro.text,
              icon: "slash" as const,
              group: t("palette_macros"),
            }))
        : [];
    return [
      ...(q === "" ? [] : found.values()),
      ...actions.filter((each) => fits(each.label)),
      ...people.filter((each) => q !== "" && fits(each.label)),
      ...(q === "" ? [] : texts),
    ];
  }, [typed, hits, rows, macros, shop, present]);
  const pick = ({ id }: Picked) => {
    onClose();
    const [kind = "", ...rest] = id.split(":");
    const what = rest.join(":");
    if (kind === "chat") desk.open(what);
    else if (kind === "act") ACTIONS.find((each) => each.id === what)?.act(desk);
    else if (kind === "give" && open) {
      const name = agentOf(`agent:${what}`) === me ? t("you") : desk.base.name(what);
      desk.handling.assign(open, what, t("done_assigned", { name }));
    } else if (kind === "macro") {
      dispatchEvent(new CustomEvent("desk-macro", { detail: what }));
    }
  };
  return (
    <Sheet label={t("palette")} onClose={onClose} wide>
      <Pick
        label={t("palette")}
        find={t("palette_hint")}
        onFind={find}
        choices={choices}
        onPick={pick}
        none={t("palette_empty")}
      />
    </Sheet>
  );
}
