/** From a token to a desk, and back to the sign-in when it is over. */

import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { Alerts } from "../model/alerts";
import { Desk } from "../model/desk";
import type { Prefs } from "../model/prefs";
import type { Tokens } from "../model/tokens";
import { type Store, useStore } from "../state/store";
import { languageFor, speak, t } from "../words/words";
import { Empty, Skeleton } from "./bits";
import { DeskProvider } from "./context";
import { useFocusKept } from "./focus";
import { Login } from "./login";
import { Shell } from "./shell";

interface Props {
  tokens: Tokens;
  prefs: Store<Prefs>;
}

export function App({ tokens, prefs }: Props) {
  const chosen = useStore(prefs);
  const [desk, setDesk] = useState<Desk>();
  const [why, setWhy] = useState<string>();
  const language = languageFor(chosen.language, navigator.languages);
  speak(language);
  useFocusKept();
  useLayoutEffect(() => {
    const root = document.documentElement;
    if (chosen.theme === "auto") delete root.dataset["theme"];
    else root.dataset["theme"] = chosen.theme;
  }, [chosen.theme]);
  const begin = (token: string) => {
    tokens.keep(token);
    setWhy(undefined);
    const next = new Desk(socketUrl(), token, prefs);
    void new Alerts(next);
    next.start();
    setDesk(next);
  };
  useEffect(() => {
    const token = tokens.get();
    if (token) begin(token);
  }, []);
  useEffect(() => {
    if (!desk) return;
    return desk.base.seat.watch(() => {
      const { state, code, role } = desk.base.seat.get();
      const insider = role === "agent" || role === "admin";
      if (state !== "over" && insider) return;
      if (state === "over" && code === BYE) return;
      desk.end();
      tokens.forget();
      setWhy(insider ? (WHY[code] ?? "sign_in_over") : "sign_in_shopper");
      setDesk(undefined);
    });
  }, [desk]);
  const signOut = () => {
    desk?.talking.drafts.clear();
    desk?.end();
    tokens.forget();
    setDesk(undefined);
    history.replaceState(null, "", location.pathname);
  };
  // Another language is another page: every word of it is drawn anew.
  if (!desk) return <Login key={language} why={why} onToken={begin} />;
  return (
    <DeskProvider value={desk} key={language}>
      <Welcomed desk={desk} onSignOut={signOut} />
    </DeskProvider>
  );
}

function Welcomed({ desk, onSignOut }: { desk: Desk; onSignOut: () => void }) {
  const welcomed = useStore(desk.base.seat, (seat) => seat.welcomed);
  const waiting = useStore(desk.base.seat, (seat) => seat.state === "waiting");
  if (welcomed) return <Shell onSignOut={onSignOut} />;
  if (!waiting) return <Coming list={desk.prefs.get().list} />;
  return (
    <main class="login">
      <Empty icon="chat" title={t("sign_in_offline")} />
    </main>
  );
}

/** The desk as it will be, without what is in it. */
function Coming({ list }: { list: number }) {
  return (
    <div
      class="shell desk-coming"
      ref={(shell) => shell?.style.setProperty("--list", `${list}px`)}
    >
      <div class="nav" />
      <main class="panes">
        <section class="list">
          <div class="list-head" />
          <Skeleton rows={8} />
        </section>
        <section class="thread" />
      </main>
    </div>
  );
}

const BYE = 1000;
const WHY: Record<number, string> = { 4009: "sign_in_elsewhere" };

function socketUrl(): string {
  const { protocol, host } = location;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}/ws`;
}
