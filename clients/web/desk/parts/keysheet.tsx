/** All keys, by what they are for. */

import { ACTIONS } from "../model/actions";
import { t } from "../words/words";
import { Button, Keys, Sheet } from "./bits";

const WRITING: readonly (readonly [string, string])[] = [
  ["⏎", "key_send"],
  ["⇧ ⏎", "key_break"],
  ["⌥H", "key_hold"],
  ["/", "macros"],
  ["Esc", "key_escape"],
];

export function KeySheet({ onClose }: { onClose: () => void }) {
  const group = (name: "moving" | "doing") =>
    ACTIONS.filter((each) => each.group === name && each.keys).map(
      (each) => [each.keys ?? "", each.label] as const,
    );
  return (
    <Sheet label={t("keys")} onClose={onClose} wide>
      {/* Not on the button at its end: small screens would begin there. */}
      <h2 tabIndex={-1} autofocus>
        {t("keys")}
      </h2>
      <div class="keysheet">
        <KeyGroup
          title={t("keys_moving")}
          keys={[...group("moving"), ["Esc", "key_escape"]]}
        />
        <KeyGroup title={t("keys_doing")} keys={group("doing")} />
        <KeyGroup title={t("keys_writing")} keys={WRITING} />
      </div>
      <div class="row-end">
        <Button label={t("done")} kind="primary" onClick={onClose} />
      </div>
    </Sheet>
  );
}

function KeyGroup(props: {
  title: string;
  keys: readonly (readonly [string, string])[];
}) {
  return (
    <section>
      <h3>{props.title}</h3>
      <dl>
        {props.keys.map(([keys, label]) => (
          <div key={label}>
            <dt>{t(label)}</dt>
            <dd>
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
