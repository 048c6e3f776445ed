/** The closed widget: a button, and what has just been said. */

import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../shared/design/icons";
import { nameOf } from "../state";
import { Avatar } from "./avatar";
import { useModel } from "./use";

export function Launcher() {
  const { model, state, t } = useModel();
  const button = useRef<HTMLButtonElement>(null);
  const was = useRef(state.open);
  useEffect(() => {
    // The focus was in the panel that has just gone.
    if (was.current && !state.open) button.current?.focus({ preventScroll: true });
    was.current = state.open;
  }, [state.open]);
  const n = model.unread;
  const label = n > 0 ? t("openUnread", { n }) : t("open");
  return (
    <button
      ref={button}
      type="button"
      class="launcher"
      aria-label={state.open ? t("close") : label}
      aria-expanded={state.open}
      aria-haspopup="dialog"
      onClick={() => model.show(!state.open)}
    >
      <Icon name={state.open ? "down" : "chat"} size={28} />
      {!state.open && n > 0 && (
        <span class="badge" aria-hidden="true">
          {n > 99 ? "99+" : state.say.number(n)}
        </span>
      )}
    </button>
  );
}

/** The last message, once, while the panel is closed. */
export function Preview() {
  const { model, state, t } = useModel();
  const event = state.thread.events.find(({ seq }) => seq === state.preview);
  if (state.open || !event) return null;
  const name = nameOf(state, event.by);
  const text = String(event.body["text"] ?? "") || t("image");
  return (
    <div class="preview">
      <button type="button" class="preview-open" onClick={() => model.show(true)}>
        <Avatar by={event.by} name={name} />
        <span>
          <span class="author">{name}</span>
          <span class="preview-text" dir="auto">
            {text}
          </span>
        </span>
      </button>
      <button
        type="button"
        class="tool"
        aria-label={t("dismiss")}
        onClick={() => model.patch({ preview: undefined })}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
