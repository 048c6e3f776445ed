/** Who the shopper is, what they did, and where else they have talked to us. */

import type { Conversation, Happening, Profile } from "../model/looking";
import { useStore } from "../state/store";
import { ago, date, dateTime, has, t } from "../words/words";
import { Avatar, Button, Empty, Skeleton } from "./bits";
import { useDesk } from "./context";
import { Icon, type IconName } from "./icon";

export function PersonPane() {
  const desk = useDesk();
  const person = useStore(desk.looking.person);
  const thread = useStore(desk.talking.talk, (talk) => talk.thread);
  const admin = useStore(desk.base.seat, (seat) => seat.role === "admin");
  const { chat, profile, failed } = person;
  if (chat === undefined) return null;
  const name = profile?.name || thread?.ticket.name || t("nameless");
  if (failed) {
    return (
      <div class="person-body">
        <Empty icon="alert" title={t("person_failed")}>
          <Button label={t("again")} onClick={() => void desk.looking.lookUp(chat)} />
        </Empty>
      </div>
    );
  }
  return (
    <div class="person-body">
      <header class="person-head">
        <Avatar name={name} size={40} />
        <div>
          <h2>
            <bdi>{name}</bdi>
          </h2>
          {profile && <p class="quiet">{subtitle(profile)}</p>}
        </div>
      </header>
      {person.stale && <p class="banner small">{t("stale")}</p>}
      {profile ? (
        <>
          <Facts profile={profile} />
          <Elsewhere chat={chat} tickets={profile.open_tickets} />
          <Timeline events={person.events} more={person.more} />
          <Previous
            chats={profile.previous_chats.filter((each) => each.chat !== chat)}
          />
          {admin && !thread?.erased && <Care profile={profile} />}
        </>
      ) : (
        <Skeleton rows={4} />
      )}
    </div>
  );
}

function subtitle(profile: Profile): string {
  const since = profile.customer_since;
  return since === undefined ? "" : t("known_since", { date: date(since) });
}

function Facts({ profile }: { profile: Profile }) {
  const order = profile.last_order;
  const orders = [
    profile.orders === undefined ? "" : t("orders_n", { n: profile.orders }),
    profile.spent === undefined ? "" : String(profile.spent),
  ];
  const facts: [string, string][] = [
    ["email", profile.email ?? ""],
    ["phone", profile.phone ?? ""],
    ["place", profile.place ?? ""],
    ["language", profile.language ?? ""],
    ["segment", profile.segment ?? ""],
    ["orders", orders.filter(Boolean).join(" · ")],
    [
      "last_order",
      order
        ? [order.number, order.status, order.total].filter(Boolean).join(" · ")
        : "",
    ],
  ];
  const known = facts.filter(([, value]) => value !== "");
  if (known.length === 0 && !profile.tags?.length) {
    return <p class="quiet">{t("nothing_known")}</p>;
  }
  return (
    <>
      <dl class="facts">
        {known.map(([name, value]) => (
          <div key={name}>
            <dt>{t(name)}</dt>
            <dd>
              <bdi>
                {name === "email" ? <a href={`mailto:${value}`}>{value}</a> : value}
              </bdi>
            </dd>
          </div>
        ))}
      </dl>
      {profile.tags && profile.tags.length > 0 && (
        <p class="tags">
          {profile.tags.map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))}
        </p>
      )}
    </>
  );
}

/** The same person's other open tickets: they may write by SMS at the same time. */
function Elsewhere(props: { chat: string; tickets: readonly Conversation[] }) {
  const others = props.tickets.filter((each) => each.chat !== props.chat);
  if (others.length === 0) return null;
  return (
    <section>
      <h3>{t("other_tickets")}</h3>
      <ul class="talks">
        {others.map((each) => (
          <Talk talk={each} key={each.chat} />
        ))}
      </ul>
    </section>
  );
}

function Previous({ chats }: { chats: readonly Conversation[] }) {
  return (
    <section>
      <h3>{t("previous")}</h3>
      {chats.length === 0 ? (
        <p class="quiet">{t("previous_none")}</p>
      ) : (
        <ul class="talks">
          {chats.map((each) => (
            <Talk talk={each} key={each.chat} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Talk({ talk }: { talk: Conversation }) {
  const desk = useDesk();
  return (
    <li>
      <button type="button" class="talk" onClick={() => desk.open(talk.chat)}>
        <Icon name={talk.channel === "sms" ? "envelope" : "chat"} size={16} />
        <span class="ellipsis">
          <span class="unseen">{t(`channel_${talk.channel}`)} </span>
          <bdi>{talk.preview}</bdi>
        </span>
        <time class="when">{date(talk.closed_at ?? talk.last_at)}</time>
      </button>
    </li>
  );
}

const ICONS: Record<string, IconName> = {
  ordered: "order",
  fulfilled: "order",
  refunded: "retry",
  received_email: "envelope",
  opened_email: "envelope",
  clicked: "next",
  viewed_product: "eye",
  sms: "envelope",
  chat_started: "chat",
  chat_closed: "check",
};

function Timeline({ events, more }: { events: readonly Happening[]; more: boolean }) {
  const desk = useDesk();
  const now = useStore(desk.base.clock, (clock) => Math.floor(clock / 60_000) * 60_000);
  return (
    <section>
      <h3>{t("timeline")}</h3>
      {events.length === 0 ? (
        <p class="quiet">{t("timeline_empty")}</p>
      ) : (
        <ol class="timeline">
          {events.map((event) => (
            <li key={event.id}>
              <span class="timeline-icon">
                <Icon name={ICONS[event.kind] ?? "clock"} size={16} />
              </span>
              <span>
                <strong>{kindOf(event.kind)}</strong>
                {detailOf(event) && <span class="quiet"> {detailOf(event)}</span>}
              </span>
              <time class="when" title={dateTime(event.at)}>
                {ago(now - event.at)}
              </time>
            </li>
          ))}
        </ol>
      )}
      {more && (
        <Button
          label={t("more")}
          kind="ghost"
          onClick={() => void desk.looking.moreEvents()}
        />
      )}
    </section>
  );
}

function kindOf(kind: string): string {
  return has(`pe_${kind}`) ? t(`pe_${kind}`) : kind.replaceAll("_", " ");
}

/** Returns the few values that a line has room for. */
function detailOf(event: Happening): string {
  if (event.kind.startsWith("chat_")) return "";
  return Object.entries(event.data)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .slice(0, 3)
    .map(([, value]) => String(value))
    .join(" · ");
}

/** What a person may ask a shop for: what is kept of them, and that it goes. */
function Care({ profile }: { profile: Profile }) {
  const desk = useDesk();
  return (
    <section>
      <h3>{t("care")}</h3>
      <div class="care">
        <Button
          label={t("hand_out")}
          onClick={() => void desk.caring.handOut(profile.id)}
        />
        <Button
          label={t("erase")}
          kind="danger"
          onClick={() => desk.overlay.set("erase")}
        />
      </div>
    </section>
  );
}
