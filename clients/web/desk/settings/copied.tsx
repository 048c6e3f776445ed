/** A text that is to go elsewhere, with a button that takes it along. */

import { useState } from "preact/hooks";
import { Button } from "../parts/bits";
import { t } from "../words/words";

export function Copied({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Not allowed here: it stands there to be selected.
    }
  };
  return (
    <div class="set-copied">
      <code tabIndex={0} role="textbox" aria-readonly="true" aria-label={label}>
        {text}
      </code>
      <Button label={t(copied ? "copied" : "copy")} onClick={() => void copy()} />
      <span class="unseen" role="status">
        {copied ? t("copied") : ""}
      </span>
    </div>
  );
}
