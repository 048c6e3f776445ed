/** One's own state, and how the desk looks and sounds in this browser. */

import { useEffect, useRef } from "preact/hooks";
import type { Presence } from "../model/base";
import type { Prefs } from "../model/prefs";
import { useStore } from "../state/store";
import { t } from "../words/words";
import { Button } from "./bits";
import { useDesk } from "./context";

interface Props {
  own: Presence;
  onClose: () => void;
  onSignOut: () => void;
}

export function Preferences({ own, onClose, onSignOut }: Props) {
  const desk = useDesk();
  const prefs = useStore(desk.prefs);
  const box = useRef<HTMLDivElement>(null);
  const set = (change: Partial<Prefs>) =>
    desk.prefs.update((kept) => ({ ...kept, ...change }));
  useEffect(() => {
    box.current?.querySelector<HTMLElement>("input:checked")?.focus();
    const away = (event: Event) => {
      const inside =
        event.target instanceof Node && box.current?.contains(event.target);
      if (!inside) onClose();
    };
    // The click that opened it is still on its way.
    const later = setTimeout(() => addEventListener("pointerdown", away));
    return () => {
      clearTimeout(later);
      removeEventListener("pointerdown", away);
    };
  }, []);
  return (
    <div
      class="popover preferences"
      role="dialog"
      aria-label={t("preferences")}
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        document.querySelector<HTMLElement>(".me-button")?.focus();
        onClose();
      }}
    >
      <Choice
        name="state"
        label={t("your_state")}
        value={own}
        options={["online", "away", "offline"].map((s) => [s, t(`state_${s}`)])}
        onChange={(state) => desk.handling.presence(state)}
      />
      <Choice
        name="theme"
        label={t("theme")}
        value={prefs.theme}
        options={["auto", "light", "dark"].map((s) => [s, t(`theme_${s}`)])}
        onChange={(theme) => set({ theme: theme as Prefs["theme"] })}
      />
      <Choice
        name="language"
        label={t("speech")}
        value={prefs.language}
        options={[
          ["auto", t("speech_auto")],
          ["en", "English"],
          ["pl", "Polski"],
        ]}
        onChange={(language) => set({ language: language as Prefs["language"] })}
      />
      <label class="switch">
        <input
          type="checkbox"
          checked={prefs.sound}
          onChange={(event) => set({ sound: event.currentTarget.checked })}
        />
        {t("sound")}
      </label>
      <Notifications prefs={prefs} set={set} />
      <div class="row-end">
        <Button
          icon="keyboard"
          label={t("keys")}
          kind="ghost"
          onClick={() => {
            onClose();
            desk.overlay.set("keys");
          }}
        />
        <Button label={t("sign_out")} kind="ghost" onClick={onSignOut} />
      </div>
    </div>
  );
}

function Notifications(props: { prefs: Prefs; set: (change: Partial<Prefs>) => void }) {
  const { prefs, set } = props;
  const denied = "Notification" in window && Notification.permission === "denied";
  const ask = async (wanted: boolean) => {
    if (!wanted || !("Notification" in window)) {
      set({ notify: false });
      return;
    }
    set({ notify: (await Notification.requestPermission()) === "granted" });
  };
  return (
    <label class="switch">
      <input
        type="checkbox"
        checked={prefs.notify && !denied}
        disabled={denied}
        onChange={(event) => void ask(event.currentTarget.checked)}
      />
      <span>
        {t("notify")}
        {denied && <small>{t("notify_denied")}</small>}
      </span>
    </label>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  value: string;
  options: readonly (readonly string[])[];
  onChange: (value: string) => void;
}

export function Choice({ name, label, value, options, onChange }: ChoiceProps) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="segments">
        {options.map(([id = "", text = ""]) => (
          <label key={id}>
            <input
              type="radio"
              name={name}
              value={id}
              checked={value === id}
              onChange={() => onChange(id)}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
