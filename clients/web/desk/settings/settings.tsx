/** The shop's settings: a page for each topic, `#/settings/<topic>`. */

import { useDesk } from "../parts/context";
import { Button, Empty } from "../parts/bits";
import { useStore } from "../state/store";
import { HOME } from "../state/route";
import { t } from "../words/words";

export function Settings({ topic }: { topic: string }) {
  const desk = useDesk();
  const admin = useStore(desk.base.seat, (seat) => seat.role === "admin");
  return (
    <Empty
      icon="gear"
      title={topic || t("settings")}
      next={t(admin ? "soon" : "admins_only")}
    >
      <Button label={t("to_inbox")} onClick={() => desk.show(HOME)} />
    </Empty>
  );
}
