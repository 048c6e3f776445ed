/** A page of settings as the schema has them. */

import { useStore } from "../../state/store";
import { useOffice } from "../context";
import type { Path } from "../form/paths";
import { fieldAt } from "../form/schema";
import { FieldView } from "../form/view";
import type { Topic } from "../topics";

export function Fields({ topic }: { topic: Topic }) {
  return (
    <>
      {topic.paths.map((path) => (
        <Setting key={path.join(".")} path={path} />
      ))}
    </>
  );
}

/** One setting, or all of a section. */
export function Setting({ path }: { path: Path }) {
  const fields = useStore(useOffice().fields);
  const field = fieldAt(fields?.settings ?? [], path.map(String));
  return field ? <FieldView field={field} path={path} /> : null;
}
