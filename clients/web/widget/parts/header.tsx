/** The panel's head: who is there, and what can be done with the chat. */

import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../shared/design/icons";
import { nameOf, shopName, withBot, type State } from "../state";
import { Avatar } from "./avatar";
import { useModel } from "./use";

export function Header({ id }: { id: string }) {
  const { model, state, t } = useModel();
  const answering = answeringBy(state);
  const name = answering ? nameOf(state, answering) : shopName(state);
  const running = state.thread.chat !== undefined && !state.thread.closed;
  return (
    <header class="head">
      <Avatar
        by={answering ?? "system"}
        name={name}
        there={state.config?.team_online}
      />
      <div class="head-words">
        <h2 id={id}>{name}</h2>
        <p>{subtitle(state)}</p>
      </div>
      <Menu running={running} />
      <button
        type="button"
        class="tool"
        aria-label={t("close")}
        title={t("close")}
        onClick={() => model.show(false)}
      >
        <Icon name="close" />
      </button>
    </header>
  );
}

function Menu({ running }: { running: boolean }) {
  const { model, state, t } = useModel();
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (state.menu) box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [state.menu]);
  const close = (): void => {
    model.patch({ menu: false });
    button.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    const items = [
      ...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? []),
    ];
    const root = box.current?.getRootNode() as ShadowRoot | undefined;
    const here = items.indexOf(root?.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      items[(here + step + items.length) % items.length]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.stopPropagation();
      close();
    }
  };
  return (
    <div class="menu-place">
      <button
        ref={button}
        type="button"
        class="tool"
        aria-label={t("menu")}
        title={t("menu")}
        aria-haspopup="menu"
        aria-expanded={state.menu}
        onClick={() => model.patch({ menu: !state.menu })}
      >
        <Icon name="more" />
      </button>
      {state.menu && (
        <>
          <div class="veil" onClick={close} />
          <div
            ref={box}
            class="menu"
            role="menu"
            aria-label={t("menu")}
            onKeyDown={onKey}
          >
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => model.setSound(!state.sound)}
            >
              <Icon name={state.sound ? "mute" : "bell"} />
              {t(state.sound ? "soundOff" : "soundOn")}
            </button>
            {running && (
              <button
                type="button"
                role="menuitem"
                tabIndex={-1}
                onClick={() => model.patch({ menu: false, ending: true })}
              >
                <Icon name="exit" />
                {t("end")}
              </button>
            )}
          </div>
        </>
      )}
    </div>
  );
}

/** Returns who answers this chat, if anybody has. */
function answeringBy(state: State): string | undefined {
  const last = state.thread.events.findLast(
    ({ kind, by }) => kind === "msg" && by.startsWith("agent:"),
  );
  return last?.by ?? (withBot(state) ? "bot" : undefined);
}

function subtitle(state: State): string {
  const { config, say } = state;
  if (!config) return " ";
  if (answeringBy(state) === "bot") return say.say("botLabel");
  if (config.hours?.open_now === false) return say.say("away");
  const seconds = config.first_reply_s;
  if (seconds)
    return say.say("repliesIn", { n: Math.max(1, Math.round(seconds / 60)) });
  return say.say(config.team_online ? "online" : "away");
}
