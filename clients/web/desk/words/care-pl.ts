/** The same in Polish. */

import type { Catalogue } from "../../shared/i18n/i18n";
import type { careEn } from "./care-en";

export const carePl: Record<keyof typeof careEn, Catalogue[string]> = {
  care: "Dane tej osoby",
  hand_out: "Wyeksportuj wszystko, co o niej wiemy",
  erase: "Usuń tę osobę…",
  erase_title: "Usunąć na zawsze: {name}?",
  erase_words:
    "Zniknie wszystko, co napisano w jej rozmowach: wiadomości, notatki i obrazy.",
  erase_ends: {
    one: "Jej otwarta rozmowa zakończy się; zobaczy, że treść została usunięta.",
    few: "Jej {n} otwarte rozmowy zakończą się; zobaczy, że treść została usunięta.",
    many: "Jej {n} otwartych rozmów zakończy się; zobaczy, że treść została usunięta.",
    other: "Jej {n} otwartej rozmowy zakończy się; zobaczy, że treść została usunięta.",
  },
  erase_facts:
    "Znikną imię, adresy, zamówienia i historia. Jeśli wróci, będzie kimś nowym.",
  erase_stays:
    "W raportach zostaną liczby i czasy, bez słów. To, co wyszło e-mailem, SMS-em lub webhookiem, trzeba usunąć tam.",
  erase_sure: "Wiem, że nic tego nie cofnie, także żadna kopia zapasowa",
  erase_yes: "Usuń na zawsze",
  erasing: "Usuwanie",
  erase_done: "Osoba została usunięta.",
};
