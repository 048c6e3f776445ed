/** Lists of texts, or of groups of fields. */

import { Button } from "../../parts/bits";
import { t } from "../../words/words";
import { focusSoon } from "./focus";
import { helpOf, labelOf } from "./said";
import { type Field, blank } from "./schema";
import {
  Coded,
  type FieldProps,
  FieldView,
  Wrong,
  idOf,
  named,
  tied,
  useForm,
  useValue,
} from "./view";

export function ListField({
  field,
  path,
}: FieldProps & { field: Field & { kind: "list" } }) {
  const form = useForm();
  const [value] = useValue(path);
  const [, wrong] = useValue(path, true);
  const called = named(form, path);
  const id = idOf(form, path);
  const items = Array.isArray(value) ? (value as unknown[]) : [];
  const put = (next: readonly unknown[]) => form.paper.edit(path, next);
  const groups = field.item.kind === "group";
  const full = field.max !== undefined && items.length >= field.max;
  const add = () => {
    put([...items, blank(field.item)]);
    focusSoon(`${id}.${items.length}`);
  };
  return (
    <fieldset class="set-field set-list" id={id} tabIndex={-1}>
      <legend>{labelOf(called)}</legend>
      <p class="set-help">
        <Coded text={helpOf(field, called)} />
      </p>
      {items.map((_, at) => (
        <div class={groups ? "set-card" : "set-row"} key={at}>
          {groups ? (
            <FieldView field={field.item} path={[...path, at]} />
          ) : (
            <ListItem field={field.item} path={[...path, at]} at={at} />
          )}
          <Button
            icon="close"
            label={t("remove_nth", { what: labelOf(called), n: at + 1 })}
            quiet
            kind="ghost"
            onClick={() => put(items.filter((_, each) => each !== at))}
          />
        </div>
      ))}
      {!full && <Button icon="plus" label={t("add_one")} onClick={add} />}
      <Wrong id={id} wrong={wrong} />
    </fieldset>
  );
}

function ListItem({ path, at }: FieldProps & { at: number }) {
  const form = useForm();
  const [value, wrong] = useValue(path);
  const id = idOf(form, path);
  return (
    <span class="set-item">
      <input
        {...tied(id, false, wrong)}
        class="set-input"
        type="text"
        autocomplete="off"
        aria-label={t("nth", { what: labelOf(named(form, path)), n: at + 1 })}
        value={String(value ?? "")}
        onInput={(event) => form.paper.edit(path, event.currentTarget.value)}
      />
      <Wrong id={id} wrong={wrong} />
    </span>
  );
}
