/** The open widget. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/design/icons";
import { mayWrite, screenOf } from "../state";
import { EndQuestion } from "./after";
import { AnswerPage, Questions, SignIn, Welcome } from "./before";
import { Composer } from "./composer";
import { Header } from "./header";
import { ThreadView } from "./thread";
import { useModel } from "./use";

export function Panel() {
  const { model, state, t } = useModel();
  const box = useRef<HTMLElement>(null);
  const [dropping, setDropping] = useState(false);
  const screen = screenOf(state);
  const had = useRef<Node | undefined>(undefined);
  useEffect(() => {
    const { activeElement } = box.current?.getRootNode() as ShadowRoot;
    // What was focused has gone, or is what opened this; a composer takes it itself.
    const free = had.current ? document.activeElement === document.body : true;
    if (free && !box.current?.contains(had.current ?? activeElement))
      box.current?.focus({ preventScroll: true });
  });
  const writes = mayWrite(state) && (screen === "welcome" || screen === "chat");
  const takes = writes && state.role === "shopper";
  return (
    <section
      ref={box}
      class="panel"
      role="dialog"
      aria-labelledby="panel-title"
      tabIndex={-1}
      onFocusIn={({ target }) => {
        had.current = target as Node;
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") model.show(false);
      }}
      onDragOver={(event) => {
        if (!takes || !event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget as Node | null)) setDropping(false);
      }}
      onDrop={(event) => {
        if (!takes) return;
        event.preventDefault();
        setDropping(false);
        model.images.take(event.dataTransfer);
      }}
    >
      <div class="stage" inert={state.ending}>
        <Header id="panel-title" />
        <Banner />
        <div class="body">
          {screen === "loading" && <Skeleton />}
          {screen === "faq" && <Questions />}
          {screen === "answer" && <AnswerPage />}
          {screen === "welcome" && <Welcome />}
          {screen === "chat" && <ThreadView />}
        </div>
        {writes && <Composer key={state.thread.chat === undefined ? "new" : "chat"} />}
        {screen === "chat" && !writes && !state.thread.closed && <SignIn />}
      </div>
      {state.ending && <EndQuestion />}
      {dropping && (
        <p class="drop">
          <Icon name="image" size={28} />
          {t("dropHere")}
        </p>
      )}
    </section>
  );
}

/** What stands in the way: no connection, or nobody there. */
function Banner() {
  const { model, state, t } = useModel();
  const { config, say } = state;
  if (state.link === "over" && !state.thread.erased) {
    const why = { 4001: "overAuth", 4009: "overElsewhere" } as const;
    return (
      <div class="banner" role="status">
        <Icon name="alert" size={16} />
        <span>{t(why[state.ended as 4001] ?? "over")}</span>
        <button type="button" class="link" onClick={() => model.reconnect()}>
          {t("reload")}
        </button>
      </div>
    );
  }
  if (state.offline) {
    return (
      <div class="banner" role="status">
        <Icon name="alert" size={16} />
        <span>{t("offline")}</span>
      </div>
    );
  }
  if (config?.hours?.open_now === false && !state.thread.closed) {
    const opens = config.hours.opens_at;
    return (
      <div class="banner quiet">
        <Icon name="clock" size={16} />
        <span>
          {opens
            ? t("closedBack", { when: say.moment(opens, Date.now()) })
            : t("closedNow")}{" "}
          {config.can_start && t("closedWrite")}
        </span>
      </div>
    );
  }
  return null;
}

function Skeleton() {
  const { t } = useModel();
  return (
    <div class="page loading" role="status" aria-label={t("loading")}>
      <div class="skeleton short" />
      <div class="skeleton" />
      <div class="skeleton" />
      <div class="skeleton end" />
    </div>
  );
}
