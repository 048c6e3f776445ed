/** The emoji picker, which is loaded when it is first wanted. */

import { useEffect, useRef, useState } from "preact/hooks";
import { spoken, t } from "../words/words";
import { Button } from "./bits";

export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const pick = useRef(onPick);
  pick.current = onPick;
  useEffect(() => {
    if (!open) return;
    let there = true;
    void import("../../shared/emoji/picker").then(async ({ emojiPicker }) => {
      const { emojiData } = await import("../emoji-data");
      if (!there) return;
      const language = spoken();
      const picker = emojiPicker({
        language,
        data: emojiData(language),
        onPick: (emoji) => {
          setOpen(false);
          pick.current(emoji);
        },
      });
      box.current?.replaceChildren(picker);
    });
    const away = (event: Event) => {
      const inside =
        event.target instanceof Node && box.current?.contains(event.target);
      if (!inside) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setOpen(false);
      place.current?.querySelector("button")?.focus();
    };
    addEventListener("pointerdown", away);
    addEventListener("keydown", escape, true);
    return () => {
      there = false;
      removeEventListener("pointerdown", away);
      removeEventListener("keydown", escape, true);
    };
  }, [open]);
  return (
    <div class="emoji" ref={place}>
      <Button
        icon="emoji"
        label={t("emoji")}
        quiet
        kind="ghost"
        expanded={open}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div
          class="popover emoji-popover"
          ref={box}
          role="dialog"
          aria-label={t("emoji")}
        >
          <p class="quiet">{t("loading")}</p>
        </div>
      )}
    </div>
  );
}
