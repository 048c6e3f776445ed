/** Pages that the assistant answers from, word for word. */

import { t } from "../../words/words";
import { ItemFields } from "../editors/item-fields";
import { Items } from "../editors/items";
import type { Article } from "../model/documents";

export function Knowledge() {
  return (
    <Items<Article>
      titleOf={(item) => item.title}
      begin={() => ({ title: "", text: "", url: null })}
      first="title"
      add={t("knowledge_add")}
      empty={t("knowledge_none")}
    >
      {(at) => <ItemFields at={at} names={["title", "text", "url"]} />}
    </Items>
  );
}
