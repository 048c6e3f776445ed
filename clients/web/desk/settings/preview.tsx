/** What shoppers will see, as it is being written: not the widget, but drawn as it is. */

import { useEffect, useRef } from "preact/hooks";
import { accentOf, tokens, type Scheme } from "../../shared/design/tokens";
import { Icon } from "../parts/icon";
import { useStore } from "../state/store";
import { t } from "../words/words";
import { useOffice } from "./context";
import { filled } from "./form/filled";

export function Preview() {
  const office = useOffice();
  const { draft } = useStore(office.papers.settings.sheet);
  const faq = useStore(office.papers.faq.sheet, (sheet) => sheet.draft);
  const box = useRef<HTMLDivElement>(null);
  const { chat, legal, hours, ai } = draft;
  const { accent, scheme, radius, name, position, bot_name } = chat?.theme ?? {};
  useEffect(() => {
    const style = box.current?.style;
    if (!style) return;
    const own = getComputedStyle(document.documentElement).colorScheme;
    const shown = scheme === "light" || scheme === "dark" ? scheme : own;
    const colours = tokens(accentOf(accent), shown as Scheme);
    for (const [token, value] of Object.entries(colours)) {
      style.setProperty(`--${token}`, value);
    }
    const corner = radius && /^\d{1,2}$/u.test(radius) ? `${radius}px` : "16px";
    style.setProperty("--radius-panel", corner);
  });
  if (!chat) return null;
  const questions = faq.filter((item) => item.published !== false);
  const welcome = filled(chat.welcome);
  return (
    <aside class="set-preview" aria-label={t("preview")}>
      <h2>{t("preview")}</h2>
      <div class={`pre ${position === "start" ? "pre-start" : ""}`} ref={box}>
        {chat.enabled ? (
          <>
            <div class="pre-panel">
              <div class="pre-head">
                <span class="pre-mark">
                  <Icon name="chat" size={16} />
                </span>
                <strong class="ellipsis">{name || t("preview_shop")}</strong>
              </div>
              <div class="pre-body">
                {welcome && <p class="pre-bubble">{welcome}</p>}
                {questions.slice(0, 4).map((item) => (
                  <p class="pre-question" key={item.id}>
                    {item.question || "…"}
                  </p>
                ))}
                <p class="pre-bubble pre-own">{t("preview_said")}</p>
                {ai.enabled && ai.greeting && (
                  <p class="pre-bubble">
                    <small>{bot_name || ai.name}</small>
                    {filled(ai.greeting)}
                  </p>
                )}
                {hours.auto_reply && hours.weekly && (
                  <p class="pre-bubble">{filled(hours.auto_reply)}</p>
                )}
              </div>
              <div class="pre-foot">
                {(legal.terms_url || legal.privacy_url) && (
                  <small>
                    {[
                      legal.terms_url && t("preview_terms"),
                      legal.privacy_url && t("preview_privacy"),
                    ]
                      .filter(Boolean)
                      .join(" · ")}
                  </small>
                )}
                <span class="pre-field">{t("preview_write")}</span>
              </div>
            </div>
            <span class="pre-launcher">
              <Icon name="chat" />
            </span>
          </>
        ) : (
          <p class="pre-none">{t("preview_off")}</p>
        )}
      </div>
      <p class="set-help">{t("preview_note")}</p>
    </aside>
  );
}
