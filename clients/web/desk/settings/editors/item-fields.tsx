/** The fields of one item of a list, as its schema has them. */

import { useStore } from "../../state/store";
import { useOffice } from "../context";
import { FieldView, useForm } from "../form/view";
import type { Fields } from "../model/office";

export function ItemFields({ at, names }: { at: number; names: readonly string[] }) {
  const { prefix } = useForm();
  const fields = useStore(useOffice().fields)?.[prefix as keyof Fields] ?? [];
  return (
    <>
      {names.map((name) => {
        const field = fields.find((each) => each.name === name);
        return field && <FieldView key={name} field={field} path={[at, name]} />;
      })}
    </>
  );
}
