/** A list whose items are opened, edited, moved, added and removed. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../../parts/bits";
import { Icon } from "../../parts/icon";
import { useStore } from "../../state/store";
import { t } from "../../words/words";
import { found, freshId, reordered } from "../form/order";
import { Wrong, idOf, useForm, useValue } from "../form/view";
import { focusSoon } from "../form/focus";

interface Item {
  id: string;
}

interface Props<T extends Item> {
  /** What an item is called in the list. */
  titleOf: (item: T) => string;
  noteOf?: (item: T) => ComponentChildren;
  /** Returns an item as it begins, but for its id. */
  begin: () => Omit<T, "id">;
  /** Which of its fields comes first. */
  first: string;
  add: string;
  empty: string;
  /** Draws the fields of the item at a place. */
  children: (at: number) => ComponentChildren;
}

/** From here on one has to look for items rather than at them. */
const MANY = 12;

export function Items<T extends Item>(props: Props<T>) {
  const form = useForm();
  const [value] = useValue([]);
  const [, wrong] = useValue([], true);
  const problem = useStore(form.paper.sheet, (sheet) => sheet.problem);
  const items = value as readonly T[];
  const [open, setOpen] = useState<string>();
  const [query, setQuery] = useState("");
  const put = (next: readonly T[]) => form.paper.edit([], next);
  const at = problem?.path[0];
  useEffect(() => {
    // What the broker refuses is shown, wherever it stands.
    const item = typeof at === "number" ? items[at] : undefined;
    if (item) setOpen(item.id);
  }, [problem]);
  const add = () => {
    const id = freshId(items, `${form.prefix} ${items.length + 1}`);
    put([...items, { ...props.begin(), id } as T]);
    setQuery("");
    setOpen(id);
    focusSoon(idOf(form, [items.length, props.first]));
  };
  const move = (from: number, to: number) => {
    put(reordered(items, from, to));
    // Whatever moved has the focus still: the next press moves it on.
    const way = to < from ? "up" : "down";
    requestAnimationFrame(() => document.getElementById(`${way}-${to}`)?.focus());
  };
  const shown = found(
    items.map((item) => JSON.stringify(item)),
    query,
  );
  return (
    <div class="set-field" id={idOf(form, [])}>
      {items.length >= MANY && (
        <input
          class="set-input"
          type="search"
          placeholder={t("look_for")}
          aria-label={t("look_for")}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      )}
      {items.length === 0 && <p class="set-none">{props.empty}</p>}
      <ol class="set-items">
        {shown.map((place) => {
          const item = items[place] as T;
          const title = props.titleOf(item) || t("nameless_item");
          const opened = item.id === open;
          return (
            <li key={item.id} class={opened ? "opened" : ""}>
              <div class="set-item-head">
                <button
                  type="button"
                  class="set-item-title"
                  aria-expanded={opened}
                  onClick={() => setOpen(opened ? undefined : item.id)}
                >
                  <Icon name={opened ? "down" : "next"} size={16} />
                  <span class="ellipsis">{title}</span>
                  {props.noteOf?.(item)}
                </button>
                <Mover
                  id={`up-${place}`}
                  up
                  title={title}
                  off={place === 0 || query !== ""}
                  onClick={() => move(place, place - 1)}
                />
                <Mover
                  id={`down-${place}`}
                  title={title}
                  off={place === items.length - 1 || query !== ""}
                  onClick={() => move(place, place + 1)}
                />
                <Button
                  icon="close"
                  label={t("remove_item", { title })}
                  quiet
                  kind="ghost"
                  onClick={() => put(items.filter((each) => each !== item))}
                />
              </div>
              {opened && <div class="set-item-body">{props.children(place)}</div>}
            </li>
          );
        })}
      </ol>
      <Button icon="plus" label={props.add} onClick={add} />
      <Wrong id={idOf(form, [])} wrong={wrong} />
    </div>
  );
}

function Mover(props: {
  id: string;
  up?: boolean;
  title: string;
  off: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      id={props.id}
      class={`button ghost quiet ${props.up ? "set-up" : ""}`}
      aria-label={t(props.up ? "move_up" : "move_down", { title: props.title })}
      title={t(props.up ? "move_up" : "move_down", { title: props.title })}
      disabled={props.off}
      onClick={props.onClick}
    >
      <Icon name="down" size={20} />
    </button>
  );
}
