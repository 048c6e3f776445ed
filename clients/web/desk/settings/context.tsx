/** The office that a page of the settings belongs to. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Office } from "./model/office";

const OfficeContext = createContext<Office | undefined>(undefined);

export const OfficeProvider = OfficeContext.Provider;

export function useOffice(): Office {
  const office = useContext(OfficeContext);
  if (!office) throw new Error("a page of the settings stands outside of them");
  return office;
}
