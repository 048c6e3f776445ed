/** What differs between two versions, place by place. */

import { t } from "../words/words";
import type { Change } from "./form/changes";
import { written } from "./form/paths";
import { placeOf, valueOf } from "./form/said";

export function Diff({ changes }: { changes: readonly Change[] }) {
  return (
    <dl class="set-diff">
      {changes.map((change) => (
        <div key={written(change.path) + String(change.moved)}>
          <dt>{placeOf(change)}</dt>
          <dd>
            {change.moved ? (
              t("change_moved")
            ) : (
              <>
                <del>{valueOf(change.before, change.path)}</del>{" "}
                <ins>{valueOf(change.after, change.path)}</ins>
              </>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
