/** The panes of the desk, what lies over them, and the keys. */

import { useLayoutEffect } from "preact/hooks";
import { actionOf } from "../model/actions";
import { Reports } from "../reports/reports";
import { Settings } from "../settings/settings";
import { useStore } from "../state/store";
import { t } from "../words/words";
import { Button } from "./bits";
import { useDesk } from "./context";
import { EraseMenu } from "./erase";
import { focusList } from "./focus";
import { Foot } from "./foot";
import { KeySheet } from "./keysheet";
import { ListPane } from "./list";
import { AssignMenu, CloseMenu, SnoozeMenu, TagsMenu } from "./menus";
import { Nav } from "./nav";
import { Palette } from "./palette";
import { PersonPane } from "./person";
import { Splitter } from "./splitter";
import { ThreadPane } from "./thread";

export function Shell({ onSignOut }: { onSignOut: () => void }) {
  const desk = useDesk();
  const route = useStore(desk.route);
  const prefs = useStore(desk.prefs);
  const drawer = useStore(desk.drawer);
  const state = useStore(desk.base.seat, (seat) => seat.state);
  useKeys();
  const inChat = route.page === "inbox" && route.chat !== undefined;
  const person = inChat && (prefs.showPerson || drawer);
  const classes = [
    "shell",
    inChat ? "in-chat" : "",
    prefs.showPerson && inChat ? "with-person" : "",
    drawer ? "drawer" : "",
  ];
  return (
    <div
      class={classes.filter(Boolean).join(" ")}
      ref={(element) => {
        element?.style.setProperty("--list", `${prefs.list}px`);
        element?.style.setProperty("--person", `${prefs.person}px`);
      }}
    >
      <Nav onSignOut={onSignOut} />
      {state === "waiting" && <Offline />}
      {route.page === "inbox" ? (
        <main class="panes">
          <ListPane />
          <Splitter pane="list" label={t("resize_list")} way={1} />
          <ThreadPane />
          {person && (
            <>
              <Splitter pane="person" label={t("resize_person")} way={-1} />
              <aside class="person" aria-label={t("person")}>
                <PersonPane />
              </aside>
            </>
          )}
        </main>
      ) : (
        <main class="page">
          {route.page === "settings" ? <Settings topic={route.topic} /> : <Reports />}
        </main>
      )}
      <Foot />
      <Overlays />
    </div>
  );
}

function Offline() {
  const { base } = useDesk();
  return (
    <div class="offline-banner" role="status">
      <span>{t("offline_banner")}</span>
      <Button label={t("try_now")} kind="ghost" onClick={() => base.link.wake()} />
    </div>
  );
}

function Overlays() {
  const desk = useDesk();
  const overlay = useStore(desk.overlay);
  // The newest word on the ticket: its tags change while they are shown.
  useStore(desk.listing.inbox);
  useStore(desk.talking.talk);
  const { profile } = useStore(desk.looking.person);
  const { ticket } = desk;
  const close = () => desk.overlay.set(undefined);
  if (overlay === "palette") return <Palette onClose={close} />;
  if (overlay === "keys") return <KeySheet onClose={close} />;
  if (!ticket) return null;
  const props = { ticket, onClose: close };
  switch (overlay) {
    case "snooze":
      return <SnoozeMenu {...props} />;
    case "assign":
      return <AssignMenu {...props} />;
    case "close":
      return <CloseMenu {...props} />;
    case "tags":
      return <TagsMenu {...props} />;
    case "erase": {
      const name = profile?.name || ticket.name || t("nameless");
      return profile ? (
        <EraseMenu profile={profile} name={name} onClose={close} />
      ) : null;
    }
    default:
      return null;
  }
}

/** Takes keys where nothing else wants them. */
function useKeys(): void {
  const desk = useDesk();
  // Before the first paint: who sees the desk may press a key.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const typing = isField(event.target);
      const busy = desk.overlay.get() !== undefined;
      if (event.key === "Escape" && !busy) {
        escape(typing);
        return;
      }
      const action = actionOf(event, typing);
      if (!action || (busy && action.id !== "palette")) return;
      if (!action.there(desk)) return;
      event.preventDefault();
      action.act(desk);
    };
    const escape = (typing: boolean) => {
      // From the field to the list, then out of the conversation.
      if (typing) focusList();
      else if (desk.drawer.get()) desk.drawer.set(false);
      else if (desk.talking.chat !== undefined) desk.shut();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [desk]);
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.tagName === "TEXTAREA" ||
      target.tagName === "SELECT" ||
      target.tagName === "EMOJI-PICKER" ||
      (target instanceof HTMLInputElement &&
        target.type !== "checkbox" &&
        target.type !== "radio"))
  );
}
