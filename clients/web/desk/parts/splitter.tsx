/** The line between two panes, which a pointer or the arrow keys move. */

import { useStore } from "../state/store";
import { useDesk } from "./context";

interface Props {
  pane: "list" | "person";
  label: string;
  /** 1 if the pane before the line grows to the right, -1 for the one behind it. */
  way: 1 | -1;
}

const LEAST = 260;
const MOST = 520;
const STEP = 16;

export function Splitter({ pane, label, way }: Props) {
  const { prefs } = useDesk();
  const wide = useStore(prefs, (kept) => kept[pane]);
  const set = (to: number) =>
    prefs.update((kept) => ({ ...kept, [pane]: Math.min(MOST, Math.max(LEAST, to)) }));
  return (
    <div
      class={`splitter beside-${pane}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={wide}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      onKeyDown={(event) => {
        const step =
          event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (step === 0) return;
        event.preventDefault();
        event.stopPropagation();
        set(wide + step * way * STEP);
      }}
      onPointerDown={(event) => {
        const line = event.currentTarget;
        const begun = event.clientX;
        line.setPointerCapture(event.pointerId);
        const move = (moved: PointerEvent) => set(wide + (moved.clientX - begun) * way);
        line.addEventListener("pointermove", move);
        line.addEventListener(
          "lostpointercapture",
          () => line.removeEventListener("pointermove", move),
          { once: true },
        );
      }}
    />
  );
}
