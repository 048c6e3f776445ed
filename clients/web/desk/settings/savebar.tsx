/** What has changed and is not saved yet, and what came in between. */

import { useEffect } from "preact/hooks";
import { Button } from "../parts/bits";
import { useStore } from "../state/store";
import { t } from "../words/words";
import { Diff } from "./diff";
import { changes } from "./form/changes";
import { placeOf, valueOf } from "./form/said";
import { type AnyPaper, useForm } from "./form/view";
import { focusSoon } from "./form/focus";
import { written, within } from "./form/paths";
import { topicOf } from "./topics";

/** Changes named in one line; of more the number is said. */
const NAMED = 3;

export function SaveBar() {
  const { paper, prefix } = useForm();
  const sheet = useStore(paper.sheet);
  const found = paper.changes;
  const save = async () => {
    await paper.save();
    const { problem } = paper.sheet.get();
    if (!problem) return;
    const topic = prefix ? undefined : topicOf(problem.path);
    if (topic) location.hash = `#/settings/${topic.name}`;
    // The nearest thing that is drawn: a window of a day has no field of its own name.
    const path = prefix ? [prefix, ...problem.path] : problem.path;
    const ids = path.map((_, at) => `f-${written(path.slice(0, path.length - at))}`);
    const shown = ids.find((id) => document.getElementById(id));
    focusSoon(shown ?? ids[0] ?? "");
  };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (paper.dirty) void save();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [paper]);
  if (found.length === 0 && !sheet.conflict) return null;
  const names = found.map((change) => placeOf(change));
  const line = names.slice(0, NAMED).join(" · ");
  const more = names.length - NAMED;
  return (
    <section class="set-bar" aria-label={t("unsaved")}>
      {sheet.conflict && <Conflicting paper={paper} />}
      {sheet.problem && !sheet.conflict && (
        <p class="set-wrong">{t("save_wrong", { what: wrongPlace(paper) })}</p>
      )}
      {sheet.refused && <p class="set-wrong">{refusal(sheet.refused)}</p>}
      {!sheet.conflict && (
        <div class="set-bar-row">
          <details>
            <summary>
              <strong>{t("n_changes", { n: found.length })}</strong> <span>{line}</span>
              {more > 0 && <span> {t("and_more", { n: more })}</span>}
            </summary>
            <Diff changes={found} />
          </details>
          <span class="set-bar-acts">
            <Button label={t("discard")} onClick={() => paper.discard()} />
            <Button
              label={t(sheet.saving ? "saving" : "save")}
              kind="primary"
              disabled={sheet.saving}
              onClick={() => void save()}
            />
          </span>
        </div>
      )}
    </section>
  );
}

function refusal(code: string): string {
  return t(`error_${code}`, { code });
}

function wrongPlace(paper: AnyPaper): string {
  const { problem, draft } = paper.sheet.get();
  const path = problem?.path ?? [];
  return placeOf({ path, before: undefined, after: draft });
}

/** Somebody else was first: what they did, and which of it was changed here too. */
function Conflicting({ paper }: { paper: AnyPaper }) {
  const { conflict, saved } = useStore(paper.sheet);
  const mine = paper.changes;
  const theirs = changes(saved, conflict?.theirs);
  const both = (path: (typeof mine)[number]["path"]) =>
    mine.some((own) => within(own.path, path) || within(path, own.path));
  return (
    <div class="set-conflict" role="alert">
      <h2>{t("conflict_title")}</h2>
      <p>{t("conflict_next")}</p>
      <ul>
        {theirs.map((change) => (
          <li key={written(change.path)}>
            <strong>{placeOf(change)}</strong>:{" "}
            {change.moved ? t("change_moved") : valueOf(change.after, change.path)}
            {both(change.path) && <em> {t("conflict_both")}</em>}
          </li>
        ))}
      </ul>
      <span class="set-bar-acts">
        <Button label={t("conflict_theirs")} onClick={() => paper.takeTheirs()} />
        <Button
          label={t("conflict_mine")}
          kind="primary"
          onClick={() => paper.keepMine()}
        />
      </span>
    </div>
  );
}
