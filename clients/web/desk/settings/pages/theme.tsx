/** What the widget looks like; see the preview beside it. */

import { accentOf } from "../../../shared/design/tokens";
import { hex } from "../../../shared/design/colour";
import { t } from "../../words/words";
import { Framed, idOf, tied, useForm, useValue } from "../form/view";

const THEME = ["chat", "theme"];
type Names = Readonly<Record<string, string>>;

export function Theme() {
  const form = useForm();
  const [value] = useValue(THEME);
  const theme = (value ?? {}) as Names;
  const accent = idOf(form, [...THEME, "accent"]);
  return (
    <>
      <Framed id={accent} label={t("theme.accent")} help={t("theme.accent_help")}>
        <span class="set-number">
          <input
            id={accent}
            class="set-colour"
            type="color"
            value={hex(accentOf(theme["accent"]))}
            onInput={(event) =>
              form.paper.edit(THEME, { ...theme, accent: event.currentTarget.value })
            }
          />
          <Own name="accent" />
        </span>
      </Framed>
      <Choice name="scheme" options={["auto", "light", "dark"]} />
      <Choice name="position" options={["end", "start"]} />
      <Text name="name" />
      <Text name="bot_name" />
      <Text name="radius" />
      <Text name="font" />
    </>
  );
}

/** Puts a name in, or takes it out where there is none: then the widget's own holds. */
function useName(name: string): [string, string | undefined, (next: string) => void] {
  const form = useForm();
  const [value, wrong] = useValue(THEME);
  const theme = (value ?? {}) as Names;
  const put = (next: string) => {
    const { [name]: _, ...rest } = theme;
    form.paper.edit(THEME, next ? { ...rest, [name]: next } : rest);
  };
  return [theme[name] ?? "", wrong, put];
}

/** A colour as it is written, beside the field in which it is picked. */
function Own({ name }: { name: string }) {
  const [value, wrong, put] = useName(name);
  return (
    <input
      class="set-input"
      type="text"
      placeholder="#2f6fed"
      aria-label={t(`theme.${name}`)}
      aria-invalid={wrong === undefined ? undefined : true}
      value={value}
      onInput={(event) => put(event.currentTarget.value.trim())}
    />
  );
}

function Text({ name }: { name: string }) {
  const id = idOf(useForm(), [...THEME, name]);
  const [value, , put] = useName(name);
  return (
    <Framed id={id} label={t(`theme.${name}`)} help={t(`theme.${name}_help`)}>
      <input
        {...tied(id, true, undefined)}
        class="set-input"
        type="text"
        autocomplete="off"
        value={value}
        onInput={(event) => put(event.currentTarget.value)}
      />
    </Framed>
  );
}

function Choice({ name, options }: { name: string; options: readonly string[] }) {
  const id = idOf(useForm(), [...THEME, name]);
  const [value, , put] = useName(name);
  return (
    <fieldset class="choice set-field">
      <legend>{t(`theme.${name}`)}</legend>
      <div class="segments">
        {options.map((option, at) => (
          <label key={option}>
            <input
              type="radio"
              name={id}
              checked={value === option || (!value && at === 0)}
              onChange={() => put(at === 0 ? "" : option)}
            />
            <span>{t(`theme.${name}.${option}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
