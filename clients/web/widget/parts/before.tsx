/** Before a chat: questions with ready answers, then a welcome. */

import { Icon } from "../../shared/design/icons";
import { dayLine, faqOf, mayWrite, shopName } from "../state";
import { Avatar } from "./avatar";
import { useFocus, useModel } from "./use";

export function Questions() {
  const { model, state, t } = useModel();
  const { config } = state;
  if (!config) return null;
  return (
    <div class="page">
      <div class="intro">
        <h3>{t("faqTitle")}</h3>
        <p>{t("faqHint")}</p>
      </div>
      <ul class="faq">
        {faqOf(config).map(({ id, question }) => (
          <li key={id}>
            <button type="button" onClick={() => void model.questions.pick(id)}>
              <span dir="auto">{question}</span>
              <Icon name="next" />
            </button>
          </li>
        ))}
      </ul>
      {state.notice && (
        <p class="notice" role="alert">
          {state.notice}
        </p>
      )}
      <WriteToUs />
    </div>
  );
}

export function AnswerPage() {
  const { model, state, t } = useModel();
  const heading = useFocus<HTMLHeadingElement>();
  const { answer } = state;
  if (!answer) return null;
  return (
    <div class="page">
      <button type="button" class="link back" onClick={() => model.questions.list()}>
        <Icon name="back" size={16} />
        {t("faqMore")}
      </button>
      <h3 ref={heading} tabIndex={-1} dir="auto" class="question">
        {answer.question}
      </h3>
      <p class="answer" dir="auto">
        {answer.answer}
      </p>
      {answer.helped ? (
        <>
          <p class="done" role="status">
            <Icon name="check" />
            {t("helpedYes")}
          </p>
          <WriteToUs />
        </>
      ) : (
        <fieldset class="ask">
          <legend>{t("helped")}</legend>
          <button
            type="button"
            class="plain"
            onClick={() => void model.questions.helped(true)}
          >
            {t("yes")}
          </button>
          <button
            type="button"
            class="plain"
            onClick={() => void model.questions.helped(false)}
          >
            {t("no")}
          </button>
        </fieldset>
      )}
    </div>
  );
}

function WriteToUs() {
  const { model, t } = useModel();
  return (
    <button
      type="button"
      class="plain wide"
      onClick={() => void model.questions.goOn()}
    >
      <Icon name="chat" />
      {t("faqWrite")}
    </button>
  );
}

export function Welcome() {
  const { model, state, t } = useModel();
  const { config } = state;
  if (!config) return null;
  const text = state.welcome ?? config.welcome;
  return (
    <div class="page hello">
      {faqOf(config).length > 0 && (
        <button type="button" class="link back" onClick={() => model.questions.list()}>
          <Icon name="back" size={16} />
          {t("faqTitle")}
        </button>
      )}
      {text && (
        <>
          <p class="day">{dayLine(state, Date.now())}</p>
          <div class="group">
            <Avatar by="system" name={shopName(state)} />
            <div class="bubbles">
              <p class="author">{shopName(state)}</p>
              <div class="bubble" dir="auto">
                {text}
              </div>
              <p class="meta" />
            </div>
          </div>
        </>
      )}
      {!mayWrite(state) && <SignIn />}
    </div>
  );
}

/** For visitors, where only those who are signed in may write. */
export function SignIn() {
  const { model, t } = useModel();
  return (
    <div class="card">
      <Icon name="person" />
      <h3>{t("visitorTitle")}</h3>
      <p>{t("visitorText")}</p>
      {model.canSignIn && (
        <button type="button" class="primary" onClick={() => model.signIn()}>
          {t("signIn")}
        </button>
      )}
    </div>
  );
}
