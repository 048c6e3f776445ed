/** Fields of a document, drawn from their schema. */

import { createContext } from "preact";
import { useContext, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { useStore } from "../../state/store";
import { has, t } from "../../words/words";
import type { Paper } from "../model/paper";
import { type Path, general, valueAt, within, written } from "./paths";
import { ListField } from "./list";
import { helpOf, labelOf, optionOf, wrongWith } from "./said";
import { type Field, blank } from "./schema";
import { inSpan } from "./spans";
import { Variables } from "./variables";

/** A document of any kind: a form knows its fields by their paths alone. */
export type AnyPaper = Paper<any>;

interface Form {
  paper: AnyPaper;
  /** What its fields' names begin with: a list's item has no name of its own. */
  prefix: string;
}

const FormContext = createContext<Form | undefined>(undefined);
export const FormProvider = FormContext.Provider;

export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new Error("a field stands outside of any form");
  return form;
}

/** Returns what is called by a path: items of a list under the name of the list. */
export function named(form: Form, path: Path): Path {
  return form.prefix ? [form.prefix, ...path] : path;
}

export function idOf(form: Form, path: Path): string {
  return `f-${written(named(form, path))}`;
}

/** Returns a value of the draft, and what the broker has against it. */
export function useValue(path: Path, exact = false): [value: unknown, wrong?: string] {
  const { paper } = useForm();
  const value = useStore(paper.sheet, (sheet) => valueAt(sheet.draft, path));
  const wrong = useStore(paper.sheet, ({ problem }) => {
    if (!problem || !within(problem.path, path)) return undefined;
    return !exact || problem.path.length === path.length ? problem.reason : undefined;
  });
  return wrong === undefined ? [value] : [value, wrong];
}

export interface FieldProps {
  field: Field;
  path: Path;
}

export function FieldView({ field, path }: FieldProps) {
  if (field.kind === "group" && !field.nullable) {
    return <GroupField field={field} path={path} />;
  }
  if (field.nullable && field.kind !== "choice") {
    return <OptionalField field={field} path={path} />;
  }
  return <Plain field={field} path={path} />;
}

function Plain({ field, path }: FieldProps) {
  switch (field.kind) {
    case "switch":
      return <SwitchField field={field} path={path} />;
    case "choice":
      return <ChoiceField field={field} path={path} />;
    case "number":
      return <NumberField field={field} path={path} />;
    case "text":
      return <TextField field={field} path={path} />;
    case "list":
      return <ListField field={field} path={path} />;
    case "group":
      return <GroupField field={field} path={path} />;
    case "other":
      return null;
  }
}

/** Words around a control: its name before it, its purpose and what is wrong behind it. */
export function Framed(props: {
  id: string;
  label: string;
  help?: string | undefined;
  wrong?: string | undefined;
  children: ComponentChildren;
}) {
  const { id, label, help, wrong, children } = props;
  return (
    <div class="set-field">
      <label for={id}>{label}</label>
      {help && (
        <p class="set-help" id={`${id}-help`}>
          <Coded text={help} />
        </p>
      )}
      {children}
      <Wrong id={id} wrong={wrong} />
    </div>
  );
}

/** Names in a help are code, in the broker's words. */
export function Coded({ text }: { text: string }) {
  return (
    <>
      {text
        .split("`")
        .map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part))}
    </>
  );
}

export function Wrong({ id, wrong }: { id: string; wrong?: string | undefined }) {
  return (
    <p class="set-wrong" id={`${id}-wrong`} role={wrong ? "alert" : undefined}>
      {wrong}
    </p>
  );
}

/** Returns what ties a control to the words around it. */
export function tied(id: string, help: boolean, wrong: string | undefined) {
  const ids = [help ? `${id}-help` : "", wrong ? `${id}-wrong` : ""].filter(Boolean);
  return {
    id,
    "aria-describedby": ids.join(" ") || undefined,
    "aria-invalid": wrong === undefined ? undefined : true,
  };
}

function useField({ field, path }: FieldProps) {
  const form = useForm();
  const [value, refused] = useValue(path);
  const called = named(form, path);
  const wrong = wrongWith(field, value) ?? refused;
  const set = (next: unknown) => form.paper.edit(path, next);
  const id = idOf(form, path);
  return { id, label: labelOf(called), help: helpOf(field, called), value, wrong, set };
}

function SwitchField(props: FieldProps) {
  const { id, label, help, value, wrong, set } = useField(props);
  return (
    <div class="set-field">
      <label class="switch">
        <input
          {...tied(id, false, wrong)}
          type="checkbox"
          role="switch"
          checked={value === true}
          onChange={(event) => set(event.currentTarget.checked)}
        />
        <span>
          {label}
          <small>
            <Coded text={help} />
          </small>
        </span>
      </label>
      <Wrong id={id} wrong={wrong} />
    </div>
  );
}

function ChoiceField(props: FieldProps & { field: Field & { kind: "choice" } }) {
  const { id, label, help, value, wrong, set } = useField(props);
  const called = named(useForm(), props.path);
  return (
    <Framed id={id} label={label} help={help} wrong={wrong}>
      <select
        {...tied(id, help !== "", wrong)}
        class="set-input"
        value={typeof value === "string" ? value : ""}
        onChange={(event) => set(event.currentTarget.value || null)}
      >
        {props.field.nullable && <option value="">{t("value_none")}</option>}
        {props.field.options.map((option) => (
          <option key={option} value={option}>
            {optionOf(called, option)}
          </option>
        ))}
      </select>
    </Framed>
  );
}

function NumberField(props: FieldProps & { field: Field & { kind: "number" } }) {
  const { id, label, help, value, wrong, set } = useField(props);
  const { whole, min, max, unit } = props.field;
  const number = typeof value === "number" && !Number.isNaN(value) ? value : "";
  return (
    <Framed id={id} label={label} help={help} wrong={wrong}>
      <span class="set-number">
        <input
          {...tied(id, help !== "", wrong)}
          class="set-input"
          type="number"
          inputMode={whole ? "numeric" : "decimal"}
          step={whole ? 1 : 0.05}
          min={min}
          max={max}
          value={number}
          onInput={(event) => set(event.currentTarget.valueAsNumber)}
        />
        {unit && <span>{t(`unit_${unit}`)}</span>}
        {unit && number !== "" && <span class="quiet">{inSpan(number, unit)}</span>}
      </span>
    </Framed>
  );
}

function TextField(props: FieldProps & { field: Field & { kind: "text" } }) {
  const { id, label, help, value, wrong, set } = useField(props);
  const text = typeof value === "string" ? value : "";
  const area = useRef<HTMLTextAreaElement>(null);
  const template = /template/u.test(props.field.help) || general(props.path) === "text";
  const shared = { ...tied(id, help !== "", wrong), class: "set-input", value: text };
  return (
    <Framed id={id} label={label} help={help} wrong={wrong}>
      {props.field.long ? (
        <textarea
          {...shared}
          ref={area}
          rows={Math.min(12, Math.max(2, Math.ceil(text.length / 70)))}
          onInput={(event) => set(event.currentTarget.value)}
        />
      ) : (
        <input
          {...shared}
          type="text"
          autocomplete="off"
          onInput={(event) => set(event.currentTarget.value)}
        />
      )}
      {props.field.long && template && <Variables area={area} />}
    </Framed>
  );
}

/** What may be nothing: a switch, and behind it what it is. */
function OptionalField({ field, path }: FieldProps) {
  const form = useForm();
  const [value, wrong] = useValue(path);
  const called = named(form, path);
  const id = idOf(form, path);
  const isText = field.kind === "text" && !field.long;
  const missing = value === null || value === undefined;
  if (isText) {
    // Without a text there is none: no switch is needed to say so.
    return (
      <Framed
        id={id}
        label={labelOf(called)}
        help={helpOf(field, called)}
        wrong={wrong}
      >
        <input
          {...tied(id, true, wrong)}
          class="set-input"
          type="text"
          autocomplete="off"
          value={typeof value === "string" ? value : ""}
          onInput={(event) => form.paper.edit(path, event.currentTarget.value || null)}
        />
      </Framed>
    );
  }
  const begin = () => {
    const name = general(called);
    const said = has(`start.${name}`) ? t(`start.${name}`) : undefined;
    return (
      said ?? field.initial ?? STARTS[name] ?? blank({ ...field, nullable: false })
    );
  };
  return (
    <div class="set-field">
      <label class="switch">
        <input
          id={`${id}-on`}
          type="checkbox"
          role="switch"
          checked={!missing}
          onChange={(event) =>
            form.paper.edit(path, event.currentTarget.checked ? begin() : null)
          }
        />
        <span>
          {labelOf(called)}
          <small>
            <Coded text={helpOf(field, called)} />
          </small>
        </span>
      </label>
      {missing ? (
        <Wrong id={id} wrong={wrong} />
      ) : (
        <div class="set-inner">
          <Plain field={{ ...field, nullable: false, help: "" }} path={path} />
        </div>
      )}
    </div>
  );
}

/** What is proposed where the schema has nothing to begin with. */
const STARTS: Readonly<Record<string, unknown>> = {
  "check_in.auto_s": 240,
  "idle.close_min": 1440,
  "idle.warn_min": 60,
  "assignment.queue_limit": 20,
  "sla.policies.first_response": 300,
  "sla.policies.next_response": 600,
  "sla.policies.resolution": 86_400,
};

function GroupField({ field, path }: FieldProps) {
  if (field.kind !== "group") return null;
  return (
    <div class="set-group">
      {field.fields.map((inner) => (
        <FieldView key={inner.name} field={inner} path={[...path, inner.name]} />
      ))}
    </div>
  );
}
