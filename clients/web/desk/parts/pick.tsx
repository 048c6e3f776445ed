/** A list to choose from with the keyboard alone, and a field that narrows it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon";

export interface Picked {
  id: string;
  label: string;
  hint: string;
  icon: IconName;
  presence?: string;
  current?: boolean;
  /** Above the first of a group. */
  group?: string;
}

interface Props {
  label: string;
  choices: readonly Picked[];
  onPick: (picked: Picked) => void;
  /** What stands in the field; without it there is none. */
  find?: string;
  /** Given what is typed; the choices are narrowed here otherwise. */
  onFind?: (typed: string) => void;
  none?: string;
  children?: ComponentChildren;
}

export function Pick(props: Props) {
  const { label, choices, onPick, find, onFind, none } = props;
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const wanted = typed.trim().toLocaleLowerCase();
  const shown =
    onFind || wanted === ""
      ? choices
      : choices.filter((each) => each.label.toLocaleLowerCase().includes(wanted));
  const picked = Math.min(at, shown.length - 1);
  useEffect(() => (field.current ?? list.current)?.focus(), []);
  useEffect(() => {
    list.current
      ?.querySelector('[aria-selected="true"]')
      ?.scrollIntoView({ block: "nearest" });
  }, [picked, shown]);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && shown.length > 0) {
      event.preventDefault();
      setAt((picked + step + shown.length) % shown.length);
    }
    const chosen = shown[picked];
    if (event.key === "Enter" && chosen && !event.isComposing) {
      event.preventDefault();
      onPick(chosen);
    }
  };
  const active = shown[picked] ? `pick-${picked}` : undefined;
  return (
    <div class="pick">
      {find !== undefined && (
        <input
          ref={field}
          class="pick-field"
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="pick-list"
          aria-activedescendant={active}
          aria-label={find}
          placeholder={find}
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
            onFind?.(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
        />
      )}
      <ul
        id="pick-list"
        role="listbox"
        aria-label={label}
        ref={list}
        tabIndex={find === undefined ? 0 : -1}
        aria-activedescendant={find === undefined ? active : undefined}
        onKeyDown={find === undefined ? onKeyDown : undefined}
      >
        {shown.map((each, index) => (
          <Choice
            key={`${each.group ?? ""}${each.id}`}
            picked={each}
            index={index}
            selected={index === picked}
            heading={each.group !== shown[index - 1]?.group ? each.group : undefined}
            onPick={onPick}
            onHover={() => setAt(index)}
          />
        ))}
      </ul>
      {shown.length === 0 && none && <p class="quiet pick-none">{none}</p>}
      {props.children}
    </div>
  );
}

interface ChoiceProps {
  picked: Picked;
  index: number;
  selected: boolean;
  heading: string | undefined;
  onPick: (picked: Picked) => void;
  onHover: () => void;
}

function Choice({ picked, index, selected, heading, onPick, onHover }: ChoiceProps) {
  return (
    <>
      {heading && (
        <li class="pick-group" role="presentation">
          {heading}
        </li>
      )}
      <li
        id={`pick-${index}`}
        class="pick-choice"
        role="option"
        aria-selected={selected}
        onPointerMove={onHover}
        onPointerDown={(event) => event.preventDefault()}
        // The keyboard picks in the field, to which the list belongs.
        onClick={() => onPick(picked)}
      >
        <Icon name={picked.icon} size={16} />
        {picked.presence && (
          <span class={`presence ${picked.presence}`} aria-hidden="true" />
        )}
        <span class="ellipsis">
          <bdi>{picked.label}</bdi>
        </span>
        {picked.hint && <small class="quiet ellipsis">{picked.hint}</small>}
        {picked.current && <Icon name="check" size={16} />}
      </li>
    </>
  );
}
