/** Questions that shoppers see before they write, in this order. */

import { useEffect, useState } from "preact/hooks";
import { t } from "../../words/words";
import { useOffice } from "../context";
import { ItemFields } from "../editors/item-fields";
import { Items } from "../editors/items";
import type { Question } from "../model/documents";

type Usage = Readonly<
  Record<string, { shown: number; picked: number; helped: number }>
>;

export function Faq() {
  const { rest, path } = useOffice();
  const [usage, setUsage] = useState<Usage>({});
  useEffect(() => {
    // How often they are read is nice to know, and nothing to fail for.
    rest.get<{ items: Usage }>(`${path}/faq/usage`).then(
      ({ items }) => setUsage(items),
      () => undefined,
    );
  }, []);
  const noteOf = ({ id, published }: Question) => {
    if (published === false) return <span class="tag">{t("not_published")}</span>;
    const { picked, helped } = usage[id] ?? { picked: 0, helped: 0 };
    return (
      picked > 0 && <small class="quiet">{t("faq_used", { picked, helped })}</small>
    );
  };
  return (
    <Items<Question>
      titleOf={(item) => item.question}
      noteOf={noteOf}
      begin={() => ({ question: "", answer: "", published: true })}
      first="question"
      add={t("faq_add")}
      empty={t("faq_none")}
    >
      {(at) => <ItemFields at={at} names={["question", "answer", "published"]} />}
    </Items>
  );
}
