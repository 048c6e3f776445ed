/** Short notices at the foot of the desk: what happened, and what to do about it. */

import type { Fields } from "../../shared/protocol/frames";
import { Store } from "../state/store";

export interface Toast {
  id: number;
  /** Of the catalogue. */
  key: string;
  vars?: Record<string, string | number>;
  urgent?: boolean;
  action?: { key: string; act: () => void };
}

/** Shown at a time; of more the newest. */
const MOST = 3;
const LASTS_MS = 7000;

export class Toasts {
  readonly shown = new Store<readonly Toast[]>([]);
  private next = 1;

  say(toast: Omit<Toast, "id">): void {
    const id = this.next;
    this.next += 1;
    this.shown.update((toasts) => [...toasts, { ...toast, id }].slice(-MOST));
    setTimeout(() => this.dismiss(id), LASTS_MS);
  }

  /** Tells why the broker has refused something; nothing has changed then. */
  refused(code: string, details: Fields): void {
    const vars: Record<string, string | number> = { code };
    for (const [name, value] of Object.entries(details)) {
      if (typeof value === "string" || typeof value === "number") vars[name] = value;
    }
    this.say({ key: `error_${code}`, vars, urgent: true });
  }

  dismiss(id: number): void {
    this.shown.update((toasts) => toasts.filter((toast) => toast.id !== id));
  }
}
