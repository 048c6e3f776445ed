/** Who answers first: of responders and hand-offs, only what was chosen is asked about. */

import { t } from "../../words/words";
import { useValue } from "../form/view";
import { Setting } from "./fields";

const WHERE: Readonly<Record<string, string>> = {
  openai: "openai",
  webhook: "webhook",
  script: "script",
};

export function Ai() {
  const [responder] = useValue(["ai", "responder"]);
  const [handoff] = useValue(["ai", "handoff"]);
  const of = (...names: string[]) =>
    names.map((name) => <Setting key={name} path={["ai", name]} />);
  const account = handoff === "zendesk" || handoff === "gorgias" ? [handoff] : [];
  const source = WHERE[String(responder)];
  return (
    <>
      {of("enabled", "name", "greeting")}
      <h2>{t("ai_answers")}</h2>
      {of("responder", ...(source ? [source] : []), "confidence", "unsure")}
      <h2>{t("ai_handoff")}</h2>
      {of("handoff", ...account, ...(handoff === "message" ? ["message"] : []))}
      {of("offer", "connecting", "by_mail", "counts_online")}
    </>
  );
}
