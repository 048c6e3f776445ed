/** Small things that many parts are made of. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useStore } from "../state/store";
import type { Ticket } from "../state/ticket";
import { type Wait, chip, waitOf } from "../state/wait";
import { ago, t } from "../words/words";
import { useDesk } from "./context";
import { Icon, type IconName } from "./icon";

interface ButtonProps {
  icon?: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  /** Shows the icon alone; the label is read out, and shown on hover. */
  quiet?: boolean;
  kind?: "plain" | "primary" | "danger" | "ghost";
  keys?: string;
  disabled?: boolean;
  pressed?: boolean;
  expanded?: boolean;
}

export function Button(props: ButtonProps) {
  const { icon, label, onClick, quiet, kind = "plain", keys, disabled } = props;
  const title = keys ? `${label} (${keys})` : label;
  return (
    <button
      type="button"
      class={`button ${kind} ${quiet ? "quiet" : ""}`}
      title={quiet || keys ? title : undefined}
      aria-label={quiet ? label : undefined}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-keyshortcuts={keys ? shortcut(keys) : undefined}
      disabled={disabled}
      onClick={onClick}
    >
      {icon && <Icon name={icon} size={quiet ? 20 : 16} />}
      {!quiet && <span>{label}</span>}
    </button>
  );
}

function shortcut(keys: string): string {
  return keys.replace("⌥", "Alt+").replace("⌘", "Meta+");
}

/** The two first letters of a name, on a colour that the name decides. */
export function Avatar({
  name,
  size = 24,
}: {
  name: string;
  size?: 20 | 24 | 32 | 40;
}) {
  return (
    <span class={`avatar s${size} hue${hueOf(name)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toLocaleUpperCase();
}

function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997;
  return sum % 6;
}

/** The chip that says how much patience is left. */
export function WaitChip({ ticket, large }: { ticket: Ticket; large?: boolean }) {
  const { base } = useDesk();
  const patience = useStore(base.seat, (seat) => seat.shop.check_in);
  const now = useStore(base.clock);
  const wait = waitOf(ticket, patience, now);
  if (!wait) return null;
  const said = inWords(wait);
  return (
    <span class={`chip ${wait.urgency} ${large ? "large" : ""}`} title={said}>
      {wait.urgency !== "calm" && <Icon name="alert" size={12} />}
      <span aria-hidden="true">{chip(wait)}</span>
      <span class="unseen">{said}</span>
    </span>
  );
}

export function inWords(wait: Wait): string {
  const vars = { left: chip(wait).replace("+", ""), waited: ago(wait.waited) };
  return t(`wait_${wait.urgency}`, vars);
}

interface EmptyProps {
  icon: IconName;
  title: string;
  next?: string;
  children?: ComponentChildren;
}

/** What a place says that has nothing to show: and what to do next. */
export function Empty({ icon, title, next, children }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} size={32} />
      <h2>{title}</h2>
      {next && <p>{next}</p>}
      {children}
    </div>
  );
}

/** Where rows will be, as soon as they have come. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, at) => (
        <div class="skeleton-row" key={at}>
          <i />
          <i />
        </div>
      ))}
    </div>
  );
}

/** Something above all else, that Escape and a click beside it close. */
export function Sheet(props: {
  label: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the next key comes: it is meant for what is about to be shown.
  useLayoutEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    if (shown && !shown.open) shown.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // The keyboard closes it with Escape, which the browser reports as `cancel`.
    <dialog
      ref={dialog}
      class={`sheet ${props.wide ? "wide" : ""}`}
      aria-label={props.label}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      // Chromium asks once, and closes it without asking the second time.
      onClose={props.onClose}
      onClick={(event) => {
        if (event.target === dialog.current) props.onClose();
      }}
    >
      <div class="sheet-body">{props.children}</div>
    </dialog>
  );
}

/** Keys as they are printed: `⌥H` on a Mac, `Alt H` elsewhere. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {keys.split(" ").map((key, at) => (
        <kbd key={`${key}${at}`}>{printed(key)}</kbd>
      ))}
    </span>
  );
}

const MAC = /Mac|iPhone|iPad/u.test(navigator.platform);

export function printed(key: string): string {
  return MAC
    ? key
    : key.replace("⌥", "Alt ").replace("⌘", "Ctrl ").replace("⏎", "Enter");
}
