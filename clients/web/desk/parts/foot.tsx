/** What lies above all else at the foot: what can be taken back, what went wrong, offers. */

import { useStore } from "../state/store";
import { t } from "../words/words";
import { Button } from "./bits";
import { useDesk } from "./context";

export function Foot() {
  const desk = useDesk();
  const toasts = useStore(desk.toasts.shown);
  const { deeds } = useStore(desk.handling.undo);
  const offers = useStore(desk.handling.offers);
  const deed = deeds.at(-1);
  return (
    <div class="foot">
      {offers.map((offer) => (
        <div class="toast offer" role="alert" key={offer.chat}>
          <span>
            {t("offer", {
              name: desk.base.name(offer.from),
              chat: desk.listing.row(offer.chat)?.name ?? t("offer_chat"),
            })}
          </span>
          <Button
            label={t("offer_decline")}
            kind="ghost"
            onClick={() => desk.handling.answer(offer.chat, false)}
          />
          <Button
            label={t("offer_take")}
            kind="primary"
            onClick={() => {
              desk.handling.answer(offer.chat, true);
              desk.open(offer.chat);
            }}
          />
        </div>
      ))}
      {toasts.map((toast) => (
        <div
          class={`toast ${toast.urgent ? "urgent" : ""}`}
          role={toast.urgent ? "alert" : "status"}
          key={toast.id}
        >
          <span>{t(toast.key, toast.vars)}</span>
          {toast.action && (
            <Button
              label={t(toast.action.key)}
              kind="ghost"
              onClick={() => {
                toast.action?.act();
                desk.toasts.dismiss(toast.id);
              }}
            />
          )}
          <Button
            icon="close"
            label={t("done")}
            quiet
            kind="ghost"
            onClick={() => desk.toasts.dismiss(toast.id)}
          />
        </div>
      ))}
      {deed && (
        <div class="toast" role="status" key={`deed-${deed.id}`}>
          <span>{deed.said}</span>
          <Button
            label={t("undo")}
            keys="Z"
            kind="ghost"
            onClick={() => desk.handling.takeBack(deed.id)}
          />
        </div>
      )}
    </div>
  );
}
