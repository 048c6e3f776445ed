/** What the figures say, `#/reports`. */

import { useDesk } from "../parts/context";
import { Button, Empty } from "../parts/bits";
import { useStore } from "../state/store";
import { HOME } from "../state/route";
import { t } from "../words/words";

export function Reports() {
  const desk = useDesk();
  const admin = useStore(desk.base.seat, (seat) => seat.role === "admin");
  return (
    <Empty icon="chart" title={t("reports")} next={t(admin ? "soon" : "admins_only")}>
      <Button label={t("to_inbox")} onClick={() => desk.show(HOME)} />
    </Empty>
  );
}
