/** What a template may ask for, put in with a click. */

import type { RefObject } from "preact";
import { t } from "../../words/words";

/** As the broker knows them; with a word that stands in where nothing is known. */
const NAMES = [
  "profile.first_name",
  "profile.name",
  "profile.email",
  "profile.orders",
  "profile.customer_since",
  "profile.place",
  "order.last.number",
  "order.last.status",
  "order.last.date",
  "order.last.total",
  "order.last.url",
  "agent.first_name",
  "agent.name",
  "shop.name",
  "hours.next",
];

export function Variables({ area }: { area: RefObject<HTMLTextAreaElement | null> }) {
  const put = (name: string) => {
    const field = area.current;
    if (!field) return;
    const { selectionStart, selectionEnd } = field;
    field.focus();
    field.setRangeText(`{{${name}}}`, selectionStart, selectionEnd, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  };
  return (
    <details class="set-variables">
      <summary>{t("variables")}</summary>
      <p class="set-help">{t("variables_help")}</p>
      <ul>
        {NAMES.map((name) => (
          <li key={name}>
            <button type="button" class="link" onClick={() => put(name)}>
              <code>{`{{${name}}}`}</code>
            </button>
            <span>{t(`var.${name}`)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
