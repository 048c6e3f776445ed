/** The shop's settings: a page for each topic, `#/settings/<topic>`. */

import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Button, Empty } from "../parts/bits";
import { useDesk } from "../parts/context";
import { Icon } from "../parts/icon";
import { HOME } from "../state/route";
import { useStore } from "../state/store";
import { t } from "../words/words";
import { FormProvider } from "./form/view";
import { OfficeProvider, useOffice } from "./context";
import { type Office, officeOf } from "./model/office";
import { Agents } from "./pages/agents";
import { Ai } from "./pages/ai";
import { Faq } from "./pages/faq";
import { Fields } from "./pages/fields";
import { History } from "./pages/history";
import { Hours } from "./pages/hours";
import { Install } from "./pages/install";
import { Knowledge } from "./pages/knowledge";
import { Macros } from "./pages/macros";
import { Start } from "./pages/start";
import { Teams } from "./pages/teams";
import { Theme } from "./pages/theme";
import { Preview } from "./preview";
import { SaveBar } from "./savebar";
import "./settings.css";
import { GROUPS, TOPICS, type Topic } from "./topics";

/** Pages that are drawn by hand; all others are drawn from the schema. */
const PAGES: Readonly<Record<string, ComponentType<{ topic: Topic }>>> = {
  agents: Agents,
  ai: Ai,
  faq: Faq,
  history: History,
  hours: Hours,
  install: Install,
  knowledge: Knowledge,
  macros: Macros,
  teams: Teams,
  theme: Theme,
};

export function Settings({ topic }: { topic: string }) {
  const desk = useDesk();
  const admin = useStore(desk.base.seat, (seat) => seat.role === "admin");
  if (!admin) {
    return (
      <Empty icon="gear" title={t("settings")} next={t("admins_only")}>
        <Button label={t("to_inbox")} onClick={() => desk.show(HOME)} />
      </Empty>
    );
  }
  return (
    <OfficeProvider value={officeOf(desk)}>
      <Rooms topic={topic} />
    </OfficeProvider>
  );
}

function Rooms({ topic }: { topic: string }) {
  const office = useOffice();
  useGuard(office);
  const chosen = TOPICS.find(({ name }) => name === topic);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Who has chosen a page goes on from its top.
    if (topic) heading.current?.focus();
  }, [topic]);
  return (
    <div class={`set ${chosen ? "set-chosen" : ""}`}>
      <TopicList chosen={chosen} />
      <div class="set-page" key={topic}>
        <header class="set-head">
          <a class="set-back" href="#/settings/">
            <Icon name="back" size={16} /> {t("settings")}
          </a>
          <h1 ref={heading} tabIndex={-1}>
            {t(`topic.${chosen?.name ?? "start"}`)}
          </h1>
          <p class="quiet">{t(`purpose.${chosen?.name ?? "start"}`)}</p>
        </header>
        {chosen ? <Room topic={chosen} /> : <Start />}
      </div>
    </div>
  );
}

function Room({ topic }: { topic: Topic }) {
  const office = useOffice();
  const paper = office.papers[topic.paper];
  const state = useStore<{ state: string }, string>(
    paper.sheet as never,
    (sheet) => sheet.state,
  );
  const fields = useStore(office.fields);
  const undescribed = useStore(office.undescribed);
  if (state === "failed" || undescribed) {
    return (
      <div class="set-failed" role="alert">
        <p>{t("settings_failed")}</p>
        <Button label={t("again")} onClick={() => void office.open()} />
      </div>
    );
  }
  if (state === "loading" || !fields) return <p role="status">{t("loading")}</p>;
  const Page = PAGES[topic.name] ?? Fields;
  const prefix = topic.paper === "settings" ? "" : topic.paper;
  return (
    <FormProvider value={{ paper, prefix }}>
      <div class="set-columns">
        <div class="set-form">
          <Page topic={topic} />
        </div>
        {topic.preview && <Preview />}
      </div>
      <SaveBar />
    </FormProvider>
  );
}

function TopicList({ chosen }: { chosen: Topic | undefined }) {
  return (
    <nav class="set-nav" aria-label={t("settings")}>
      <a class="set-link" href="#/settings/" aria-current={chosen ? undefined : "page"}>
        <Icon name="star" size={16} />
        <span>{t("topic.start")}</span>
      </a>
      {GROUPS.map((group) => (
        <div key={group}>
          <h2>{t(`topics.${group}`)}</h2>
          <ul>
            {TOPICS.filter((each) => each.group === group).map((each) => (
              <li key={each.name}>
                <a
                  class="set-link"
                  href={`#/settings/${each.name}`}
                  aria-current={each === chosen ? "page" : undefined}
                >
                  <Icon name={each.icon} size={16} />
                  <span>{t(`topic.${each.name}`)}</span>
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** Nothing written here is lost by leaving: the page asks, the desk keeps and says so. */
function useGuard(office: Office): void {
  const desk = useDesk();
  useEffect(() => {
    void office.open();
    const leave = (event: BeforeUnloadEvent) => {
      if (office.dirty) event.preventDefault();
    };
    addEventListener("beforeunload", leave);
    let last = location.hash;
    const unwatch = desk.route.watch(() => {
      const route = desk.route.get();
      if (route.page === "settings") last = location.hash;
      else if (office.dirty) {
        const back = last;
        const act = () => void (location.hash = back);
        desk.toasts.say({
          key: "settings_kept",
          action: { key: "settings_back", act },
        });
      }
    });
    return () => {
      removeEventListener("beforeunload", leave);
      unwatch();
    };
  }, [office]);
}
