/** What came in between while an answer was written: seen first, then decided. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Guard as Held } from "../model/talking";
import { text } from "../state/ticket";
import { t, time } from "../words/words";
import { Button } from "./bits";
import { useDesk } from "./context";
import { happening, whoIs } from "./happenings";
import { Icon } from "./icon";
import { Prose } from "./prose";

export function Guard({ guard, name }: { guard: Held; name: string }) {
  const { base, talking } = useDesk();
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    // On what changes nothing, before anything of it is to be seen: a second Enter must
    // not send what nobody has read.
    box.current?.querySelector<HTMLElement>(".button.ghost")?.focus();
  }, [guard]);
  const edit = () => {
    const draft = guard.saying.text;
    talking.release();
    dispatchEvent(new CustomEvent("desk-draft", { detail: draft }));
  };
  return (
    <section
      class="guard"
      ref={box}
      aria-label={t("guard_title")}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        edit();
      }}
    >
      <div role="alert">
        <h3>
          <Icon name="alert" size={16} /> {t("guard_title")}
        </h3>
      </div>
      {guard.events.map((event) =>
        event.kind === "msg" ? (
          <blockquote key={event.seq}>
            <p class="quiet">
              {t("guard_said", { name: whoIs(event.by, name, base) })}{" "}
              <time>{time(event.at)}</time>
            </p>
            <p dir="auto">
              <Prose text={text(event.body["text"])} />
            </p>
          </blockquote>
        ) : (
          <p key={event.seq} class="quiet">
            {happening(event, name, base)}
          </p>
        ),
      )}
      <p class="guard-draft" dir="auto">
        {guard.saying.text}
      </p>
      <div class="row-end">
        <Button label={t("guard_edit")} keys="Esc" kind="ghost" onClick={edit} />
        <Button
          label={t("guard_send")}
          kind="primary"
          onClick={() => {
            talking.confirm();
            document.getElementById("composer")?.focus();
          }}
        />
      </div>
    </section>
  );
}
