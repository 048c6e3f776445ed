/** The views at the side, the team, and one's own state. */

import { useState } from "preact/hooks";
import type { Presence } from "../model/base";
import type { View } from "../state/inbox";
import { sameView } from "../state/inbox";
import { useStore } from "../state/store";
import { t } from "../words/words";
import { Avatar } from "./bits";
import { useDesk } from "./context";
import { Icon, type IconName } from "./icon";
import { Preferences } from "./preferences";

const VIEWS: readonly { view: View; icon: IconName; label: string }[] = [
  { view: { name: "all", status: "open" }, icon: "inbox", label: "view_all" },
  { view: { name: "mine", status: "open" }, icon: "person", label: "view_mine" },
  {
    view: { name: "unassigned", status: "open" },
    icon: "free",
    label: "view_unassigned",
  },
  { view: { name: "bot", status: "open" }, icon: "bot", label: "view_bot" },
];
const LATER: readonly { view: View; icon: IconName; label: string }[] = [
  { view: { name: "all", status: "snoozed" }, icon: "snooze", label: "view_snoozed" },
  { view: { name: "all", status: "closed" }, icon: "check", label: "view_closed" },
];

export function Nav({ onSignOut }: { onSignOut: () => void }) {
  const desk = useDesk();
  const shop = useStore(desk.base.seat, (seat) => seat.shop);
  const admin = useStore(desk.base.seat, (seat) => seat.role === "admin");
  const badge = useStore(desk.listing.badge);
  const stats = useStore(desk.listing.stats);
  const route = useStore(desk.route);
  const counts: Record<string, number | undefined> = {
    all: badge,
    unassigned: stats?.unassigned,
  };
  return (
    <nav class="nav" aria-label={t("views")}>
      <div class="nav-shop">
        <span class="mark" aria-hidden="true">
          <Icon name="chat" size={16} />
        </span>
        <strong class="wide">{shop.name || "Shopwire"}</strong>
      </div>
      <ul>
        {[...VIEWS, ...LATER].map((each) => (
          <NavItem
            key={each.label}
            view={each.view}
            icon={each.icon}
            label={t(each.label)}
            count={each.view.status === "open" ? counts[each.view.name] : undefined}
            strong={each.view.name === "all"}
            later={each.view.status !== "open"}
          />
        ))}
      </ul>
      {shop.teams.length > 0 && (
        <>
          <h2 class="nav-title wide">{t("teams")}</h2>
          <ul>
            {shop.teams.map((team) => (
              <NavItem
                key={team.id}
                view={{ name: `team:${team.id}`, status: "open" }}
                icon="people"
                label={team.name}
              />
            ))}
          </ul>
        </>
      )}
      {admin && (
        <ul class="nav-admin">
          <li>
            <a
              class="nav-item"
              href="#/reports"
              aria-current={route.page === "reports" ? "page" : undefined}
              title={t("reports")}
            >
              <Icon name="chart" />
              <span class="wide">{t("reports")}</span>
            </a>
          </li>
          <li>
            <a
              class="nav-item"
              href="#/settings/"
              aria-current={route.page === "settings" ? "page" : undefined}
              title={t("settings")}
            >
              <Icon name="gear" />
              <span class="wide">{t("settings")}</span>
            </a>
          </li>
        </ul>
      )}
      <div class="nav-foot">
        <Team />
        <Me onSignOut={onSignOut} />
      </div>
    </nav>
  );
}

interface ItemProps {
  view: View;
  icon: IconName;
  label: string;
  count?: number | undefined;
  strong?: boolean;
  /** Whether it is at hand above the list, too. */
  later?: boolean;
}

function NavItem({ view, icon, label, count, strong, later }: ItemProps) {
  const desk = useDesk();
  const route = useStore(desk.route);
  const current = route.page === "inbox" && sameView({ ...route.view }, view);
  return (
    <li class={later ? "later" : undefined}>
      <button
        type="button"
        class="nav-item"
        title={label}
        aria-current={current ? "page" : undefined}
        onClick={() => desk.show(view)}
      >
        <Icon name={icon} />
        <span class="wide">{label}</span>
        {count ? (
          <span class={strong ? "count strong" : "count"}>
            {count > 999 ? "999+" : count}
          </span>
        ) : null}
      </button>
    </li>
  );
}

function Team() {
  const { base } = useDesk();
  const { shop, present, me } = useStore(base.seat);
  const others = shop.agents
    .filter((agent) => agent.id !== me)
    .map((agent) => ({ ...agent, state: present[agent.id] ?? "offline" }))
    .toSorted((a, b) => RANK[a.state] - RANK[b.state] || a.name.localeCompare(b.name))
    .slice(0, 6);
  if (others.length === 0) return null;
  return (
    <section class="team wide" aria-label={t("team_present")}>
      <h2 class="nav-title">{t("team_present")}</h2>
      <ul>
        {others.map((agent) => (
          <li class="team-member" key={agent.id}>
            <span class={`presence ${agent.state}`} aria-hidden="true" />
            <span class="ellipsis">{agent.name}</span>
            <span class="unseen">{t(`state_${agent.state}`)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const RANK: Record<Presence, number> = { online: 0, away: 1, offline: 2 };

function Me({ onSignOut }: { onSignOut: () => void }) {
  const { base } = useDesk();
  const [open, setOpen] = useState(false);
  const { me, present, state } = useStore(base.seat);
  const name = base.name(me);
  const own: Presence = state === "online" ? (present[me] ?? "online") : "offline";
  return (
    <div class="me">
      <button
        type="button"
        class="nav-item me-button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <span class="me-face">
          <Avatar name={name} />
          <span class={`presence ${own}`} />
        </span>
        <span class="wide ellipsis" aria-hidden="true">
          {name}
        </span>
        <span class="unseen">
          {`${name}, ${t("me_menu", { state: t(`state_${own}`) })}`}
        </span>
      </button>
      {open && (
        <Preferences own={own} onClose={() => setOpen(false)} onSignOut={onSignOut} />
      )}
    </div>
  );
}
