/** Macros while writing: which fit, what they say, and what they still need. */

import { useEffect, useRef, useState } from "preact/hooks";
import { variables } from "../state/slash";
import type { Macro } from "../state/ticket";
import { t } from "../words/words";
import { Button } from "./bits";
import { useDesk } from "./context";

/** Shown at a time; typing on finds the others. */
const MOST = 8;

/** A macro that lacks values. */
export interface Filling {
  macro: Macro;
  names: readonly string[];
}

interface MenuProps {
  macros: readonly Macro[];
  none: boolean;
  picked: number;
  onPick: (macro: Macro) => void;
}

export function MacroMenu({ macros, none, picked, onPick }: MenuProps) {
  const first = Math.max(0, Math.min(picked - MOST + 1, macros.length - MOST));
  const chosen = macros[picked];
  if (macros.length === 0) {
    return (
      <div class="macro-menu" id="macro-menu">
        <p class="quiet">{t(none ? "macros_empty" : "macros_unfit")}</p>
      </div>
    );
  }
  return (
    <div class="macro-menu">
      <ul id="macro-menu" role="listbox" aria-label={t("macros")}>
        {macros.slice(first, first + MOST).map((macro, at) => (
          <li
            key={macro.id}
            id={`macro-${first + at}`}
            role="option"
            aria-selected={first + at === picked}
            onPointerDown={(event) => {
              // The focus stays in the field.
              event.preventDefault();
              onPick(macro);
            }}
          >
            <strong>{macro.name}</strong>
            <span class="quiet">/{macro.shortcut || macro.id}</span>
            <small>{thenOf(macro)}</small>
          </li>
        ))}
      </ul>
      {chosen && (
        <div class="macro-preview" aria-label={t("macro_preview")}>
          {variables(chosen.text).map((part, at) =>
            at % 2 === 1 ? <var key={at}>{part.split("|")[0]}</var> : part,
          )}
        </div>
      )}
    </div>
  );
}

interface FormProps {
  chat: string;
  filling: Filling;
  onDone: (text: string) => void;
  onCancel: () => void;
}

/** Asks for what a macro lacks. */
export function MacroForm({ chat, filling, onDone, onCancel }: FormProps) {
  const desk = useDesk();
  const { macro } = filling;
  const [names, setNames] = useState(filling.names);
  const [values, setValues] = useState<Record<string, string>>({});
  const box = useRef<HTMLFormElement>(null);
  useEffect(() => {
    box.current?.querySelector("input")?.focus();
  }, []);
  const fill = async () => {
    const answer = await desk.looking.render(chat, macro.id, values);
    if ("text" in answer) onDone(answer.text);
    else if ("missing" in answer) {
      setNames([...new Set([...names, ...answer.missing])]);
      box.current?.querySelector<HTMLInputElement>("input:invalid")?.focus();
    } else desk.toasts.say({ key: "macro_failed", urgent: true });
  };
  return (
    // Escape gives up, wherever in the form the focus is.
    <form
      class="macro-form"
      ref={box}
      aria-label={t("macro_missing", { name: macro.name })}
      onSubmit={(event) => {
        event.preventDefault();
        void fill();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onCancel();
      }}
    >
      <p>{t("macro_missing", { name: macro.name })}</p>
      {names.map((name) => (
        <label class="field" key={name}>
          <span>{name}</span>
          <input
            required
            value={values[name] ?? ""}
            onInput={(event) =>
              setValues({ ...values, [name]: event.currentTarget.value })
            }
          />
        </label>
      ))}
      <div class="row-end">
        <Button label={t("cancel")} kind="ghost" onClick={onCancel} />
        <button type="submit" class="button primary">
          {t("macro_fill")}
        </button>
      </div>
    </form>
  );
}

/** Returns what a macro does besides saying its text. */
export function thenOf(macro: Macro): string {
  const does = Object.entries(macro.then ?? {})
    .filter(([, value]) => value !== false && value !== null)
    .filter(([, value]) => !Array.isArray(value) || value.length > 0)
    .map(([what]) => t(`macro_then_${what}`));
  const parts = macro.hold ? [t("macro_hold")] : [];
  if (does.length > 0) parts.push(t("macro_then", { what: does.join(", ") }));
  return parts.join(" · ");
}
