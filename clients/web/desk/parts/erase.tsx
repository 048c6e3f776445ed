/** Asks whether a person is to be forgotten: there is no way back from that. */

import { useState } from "preact/hooks";
import type { Profile } from "../model/looking";
import { t } from "../words/words";
import { Button, Sheet } from "./bits";
import { useDesk } from "./context";

interface Props {
  profile: Profile;
  name: string;
  onClose: () => void;
}

export function EraseMenu({ profile, name, onClose }: Props) {
  const desk = useDesk();
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const n = profile.open_tickets.length;
  const told = [
    t("erase_words"),
    n > 0 ? t("erase_ends", { n }) : "",
    t("erase_facts"),
    t("erase_stays"),
  ];
  const erase = async () => {
    setBusy(true);
    if (await desk.caring.erase(profile.id)) onClose();
    else setBusy(false);
  };
  return (
    <Sheet label={t("erase_title", { name })} onClose={onClose}>
      <h2>{t("erase_title", { name })}</h2>
      <ul class="consequences">
        {told.filter(Boolean).map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      <label class="switch">
        <input
          type="checkbox"
          checked={sure}
          onChange={(event) => setSure(event.currentTarget.checked)}
        />
        {t("erase_sure")}
      </label>
      <div class="row-end">
        <Button label={t("cancel")} kind="ghost" onClick={onClose} />
        <Button
          label={t(busy ? "erasing" : "erase_yes")}
          kind="danger"
          disabled={!sure || busy}
          onClick={() => void erase()}
        />
      </div>
    </Sheet>
  );
}
