/** The desk that a part belongs to. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Desk } from "../model/desk";

const DeskContext = createContext<Desk | undefined>(undefined);

export const DeskProvider = DeskContext.Provider;

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("a part of the desk stands outside of it");
  return desk;
}
