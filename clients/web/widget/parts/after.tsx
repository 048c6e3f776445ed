/** The end of a chat: asked for, and over. */

import { useState } from "preact/hooks";
import { Icon } from "../../shared/design/icons";
import type { Key } from "../language";
import { useFocus, useModel } from "./use";

const REASONS: Record<string, Key> = {
  shopper: "endedYou",
  idle: "endedIdle",
  handoff: "endedHandoff",
  merged: "endedMerged",
  erased: "endedErased",
};

export function Ended() {
  const { model, state, t } = useModel();
  const { closed } = state.thread;
  return (
    <div class="ended">
      <p class="line" role="status">
        {t(REASONS[closed?.reason ?? ""] ?? "endedAgent")}
      </p>
      <Rating />
      <button type="button" class="primary wide" onClick={() => model.newChat()}>
        <Icon name="plus" />
        {t("newChat")}
      </button>
    </div>
  );
}

const SCORES: readonly Key[] = ["rate1", "rate2", "rate3", "rate4", "rate5"];

function Rating() {
  const { model, state, t } = useModel();
  const [score, setScore] = useState(0);
  const [text, setText] = useState("");
  if (state.thread.rated) {
    return (
      <p class="done" role="status">
        <Icon name="check" />
        {t("rateThanks")}
      </p>
    );
  }
  if (!state.askRating) return null;
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    void model.rate(score, text);
  };
  return (
    <form class="card rating" onSubmit={send}>
      <h3>{t("rateTitle")}</h3>
      <div class="stars" role="radiogroup" aria-label={t("rateGroup")}>
        {SCORES.map((key, place) => (
          <label key={key} class={place < score ? "lit" : ""} title={t(key)}>
            <input
              type="radio"
              class="sr"
              name="score"
              aria-label={t(key)}
              checked={score === place + 1}
              onChange={() => setScore(place + 1)}
            />
            <Icon name="star" size={28} />
          </label>
        ))}
      </div>
      {score > 0 && (
        <>
          <p class="score" aria-hidden="true">
            {t(SCORES[score - 1] as Key)}
          </p>
          <textarea
            rows={2}
            maxLength={1000}
            dir="auto"
            aria-label={t("rateText")}
            placeholder={t("rateText")}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit" class="primary wide">
            {t("rateSend")}
          </button>
        </>
      )}
    </form>
  );
}

/** Asks whether the chat is to end: there is no way back. */
export function EndQuestion() {
  const { model, t } = useModel();
  const stay = useFocus<HTMLButtonElement>();
  const back = (): void => model.patch({ ending: false });
  return (
    <div
      class="sheet"
      role="alertdialog"
      aria-modal="true"
      aria-labelledby="end-title"
      aria-describedby="end-text"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        back();
      }}
    >
      <div class="sheet-box">
        <h2 id="end-title">{t("endTitle")}</h2>
        <p id="end-text">{t("endText")}</p>
        <button type="button" class="danger wide" onClick={() => model.end()}>
          {t("end")}
        </button>
        <button ref={stay} type="button" class="plain wide" onClick={back}>
          {t("endStay")}
        </button>
      </div>
    </div>
  );
}
