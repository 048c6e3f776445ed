/** Where an agent writes: replies and notes, macros, emoji, images. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useStore } from "../state/store";
import { type Slash, inserted, matching, slashAt } from "../state/slash";
import type { Macro, Ticket } from "../state/ticket";
import { KINDS, imagesIn } from "../../shared/images/images";
import { t } from "../words/words";
import { Attachments, useAttachments } from "./attachments";
import { Button, Keys } from "./bits";
import { useDesk } from "./context";
import { EmojiButton } from "./emoji";
import { Guard } from "./guard";
import { Icon } from "./icon";
import { type Filling, MacroForm, MacroMenu, thenOf } from "./macros";

/** Lines to which the field grows before it scrolls. */
const MOST_PX = 200;
const SMS_MOST = 1600;
/** Characters left from which on it is told. */
const TELL_LEFT = 200;

export function Composer({ ticket }: { ticket: Ticket }) {
  const desk = useDesk();
  const { guard } = useStore(desk.talking.talk);
  if (ticket.status === "closed") {
    return (
      <div class="composer over">
        <p>{t("closed_for_good")}</p>
        <p class="quiet">{t("closed_next", { name: ticket.name || t("nameless") })}</p>
      </div>
    );
  }
  return (
    <>
      {guard && <Guard guard={guard} name={ticket.name} />}
      {ticket.control === "bot" && <Held ticket={ticket} />}
      {ticket.control === "external" && <p class="banner">{t("external_talks")}</p>}
      <Writing ticket={ticket} />
    </>
  );
}

function Held({ ticket }: { ticket: Ticket }) {
  const desk = useDesk();
  return (
    <div class="banner">
      <Icon name="bot" />
      <p>
        <strong>{t("bot_talks")}</strong> {t("bot_talks_next")}
      </p>
      <Button label={t("take")} onClick={() => desk.handling.take(ticket.chat)} />
    </div>
  );
}

function Writing({ ticket }: { ticket: Ticket }) {
  const desk = useDesk();
  const { chat } = ticket;
  const sms = ticket.channel === "sms";
  const kept = desk.talking.drafts.get(chat);
  const [text, setText] = useState(kept.text);
  const [note, setNote] = useState(kept.note);
  const [slash, setSlash] = useState<Slash>();
  const [picked, setPicked] = useState(0);
  const [filling, setFilling] = useState<Filling>();
  const [macro, setMacro] = useState<Macro>();
  const [over, setOver] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const files = useAttachments(chat);
  const asked = useStore(desk.compose);
  const macros = useStore(desk.looking.macros);
  const checkIn = useStore(desk.base.seat, (seat) => seat.shop.check_in.text);
  const guarded = useStore(desk.talking.talk, (talk) => talk.guard !== undefined);
  const found = slash ? matching(macros, slash.query) : [];

  useEffect(() => void desk.looking.loadMacros(), []);
  useEffect(() => {
    desk.talking.drafts.put(chat, { text, note });
  }, [text, note]);
  useLayoutEffect(() => {
    const field = area.current;
    if (!field) return;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, MOST_PX)}px`;
  }, [text]);
  const begun = useRef(asked.count);
  useLayoutEffect(() => {
    if (asked.count === begun.current) return;
    begun.current = asked.count;
    setNote(asked.note);
  }, [asked]);
  useEffect(() => {
    const hold = () => send(true);
    addEventListener("desk-hold", hold);
    return () => removeEventListener("desk-hold", hold);
  });
  useEffect(() => {
    // What the guard held back goes on being written, unless it was sent.
    const give = (event: Event) => {
      setText((now) => now || String((event as CustomEvent<string>).detail));
      area.current?.focus();
    };
    addEventListener("desk-draft", give);
    return () => removeEventListener("desk-draft", give);
  }, []);

  const typed = (value: string, caret: number) => {
    setText(value);
    const fits = note ? undefined : slashAt(value, caret);
    setSlash(fits);
    setPicked(0);
    if (value.trim() !== "") desk.talking.touch(chat, note);
  };

  const send = (hold: boolean) => {
    // As it stands in the field: of the last key the state may not know yet.
    const written = area.current?.value ?? text;
    const said = written.trim() === "" ? "" : written;
    if (files.busy || guarded) return;
    if (note) {
      if (said) void desk.talking.say({ text: said, note: true });
    } else if (said || files.blobs.length > 0) {
      const holds = hold || macro?.hold === true;
      void desk.talking.say({
        text: said,
        blobs: files.blobs,
        hold: holds,
        ...(macro && { macro: macro.id }),
      });
    } else if (hold && checkIn) {
      void desk.talking.say({ text: checkIn, hold: true });
    } else return;
    if (area.current) area.current.value = "";
    setText("");
    setSlash(undefined);
    setMacro(undefined);
    files.clear();
  };

  /** Shows a text, and goes on being written at a place in it. */
  const goOn = (value: string, caret: number) => {
    const field = area.current;
    setText(value);
    requestAnimationFrame(() => {
      field?.focus();
      field?.setSelectionRange(caret, caret);
    });
  };

  const put = (filled: string, from: Macro) => {
    const caret = area.current?.selectionStart ?? text.length;
    const at = slash ?? { start: caret, query: "" };
    const next = inserted(text, at, slash ? caret : at.start, filled);
    goOn(next.value, next.caret);
    setSlash(undefined);
    setFilling(undefined);
    // What a macro does besides its text it does when it is the only one.
    setMacro(text.trim() === "" || slash?.start === 0 ? from : undefined);
    desk.talking.touch(chat, note);
  };

  const choose = async (chosen: Macro) => {
    const answer = await desk.looking.render(chat, chosen.id, {});
    if ("text" in answer) put(answer.text, chosen);
    else if ("missing" in answer) {
      setFilling({ macro: chosen, names: answer.missing });
    } else desk.toasts.say({ key: "macro_failed", urgent: true });
  };

  useEffect(() => {
    // The palette has found one.
    const take = (event: Event) => {
      const id = (event as CustomEvent<string>).detail;
      const wanted = macros.find((each) => each.id === id);
      if (wanted) void choose(wanted);
    };
    addEventListener("desk-macro", take);
    return () => removeEventListener("desk-macro", take);
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const { key } = event;
    if (slash && found.length > 0) {
      const step = key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
      if (step !== 0) {
        event.preventDefault();
        setPicked((picked + step + found.length) % found.length);
        return;
      }
      const chosen = found[picked];
      if ((key === "Enter" || key === "Tab") && chosen) {
        event.preventDefault();
        void choose(chosen);
        return;
      }
    }
    if (key === "Escape" && slash) {
      event.stopPropagation();
      setSlash(undefined);
    } else if (key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      send(false);
    }
  };

  const left = sms && !note ? SMS_MOST - [...text].length : Infinity;
  const empty = text.trim() === "" && files.blobs.length === 0;
  return (
    <div
      class={`composer ${note ? "noting" : ""} ${over ? "over-drop" : ""}`}
      onDragOver={(event) => {
        if (note || sms || !event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const images = imagesIn(event.dataTransfer);
        if (images.length === 0 || note || sms) return;
        event.preventDefault();
        files.add(images);
      }}
    >
      <div class="composer-box">
        <div class="tabs small" role="group" aria-label={t("write")}>
          <button type="button" aria-pressed={!note} onClick={() => setNote(false)}>
            {t("reply")}
          </button>
          <button type="button" aria-pressed={note} onClick={() => setNote(true)}>
            {t("note")}
          </button>
          {macro && (macro.hold || hasThen(macro)) && (
            <span class="macro-mark">{thenOf(macro)}</span>
          )}
        </div>
        {filling && (
          <MacroForm
            chat={chat}
            filling={filling}
            onDone={(filled) => put(filled, filling.macro)}
            onCancel={() => {
              setFilling(undefined);
              area.current?.focus();
            }}
          />
        )}
        {slash && !filling && (
          <MacroMenu
            macros={found}
            none={macros.length === 0}
            picked={picked}
            onPick={(chosen) => void choose(chosen)}
          />
        )}
        <textarea
          ref={area}
          id="composer"
          rows={2}
          dir="auto"
          value={text}
          aria-label={t(note ? "note" : "reply")}
          aria-controls={slash ? "macro-menu" : undefined}
          aria-activedescendant={
            slash && found.length > 0 ? `macro-${picked}` : undefined
          }
          placeholder={t(note ? "note_hint" : sms ? "reply_sms_hint" : "reply_hint")}
          onInput={(event) => {
            const field = event.currentTarget;
            typed(field.value, field.selectionStart);
          }}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const images = imagesIn(event.clipboardData);
            if (images.length === 0 || note || sms) return;
            event.preventDefault();
            files.add(images);
          }}
        />
        <Attachments files={files} />
        <div class="composer-foot">
          <div class="tools">
            <Button
              icon="slash"
              label={t("macros")}
              keys="/"
              quiet
              kind="ghost"
              disabled={note}
              onClick={() => {
                const caret = area.current?.selectionStart ?? text.length;
                const gap =
                  caret > 0 && !/\s/u.test(text[caret - 1] ?? "") ? " /" : "/";
                const value = text.slice(0, caret) + gap + text.slice(caret);
                goOn(value, caret + gap.length);
                setSlash(slashAt(value, caret + gap.length));
              }}
            />
            <EmojiButton
              onPick={(emoji) => {
                const caret = area.current?.selectionStart ?? text.length;
                const value = text.slice(0, caret) + emoji + text.slice(caret);
                goOn(value, caret + emoji.length);
              }}
            />
            <PickImages disabled={note || sms} onPick={(picks) => files.add(picks)} />
            {left < TELL_LEFT && (
              <span class={left < 0 ? "left bad" : "left"}>
                {t("sms_left", { n: left })}
              </span>
            )}
          </div>
          <div class="sends">
            {!note && ticket.control === "humans" && ticket.waiting_since !== null && (
              <Button
                icon="hold"
                label={t("hold")}
                keys="⌥H"
                kind="ghost"
                disabled={files.busy || guarded}
                onClick={() => send(true)}
              />
            )}
            <Button
              icon={note ? "note" : "send"}
              label={t(note ? "add_note" : "send")}
              kind="primary"
              disabled={empty || files.busy || left < 0 || guarded}
              onClick={() => send(false)}
            />
          </div>
        </div>
      </div>
      <p class="composer-hint">
        <span>
          <Keys keys="⏎" /> {t("key_send")}
        </span>
        <span>
          <Keys keys="⇧ ⏎" /> {t("key_break")}
        </span>
        {!note && (
          <span>
            <Keys keys="⌥H" /> {t("hold_text")}
          </span>
        )}
      </p>
    </div>
  );
}

function hasThen(macro: Macro): boolean {
  return Object.keys(macro.then ?? {}).length > 0;
}

function PickImages(props: { disabled: boolean; onPick: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        icon="attach"
        label={t("attach")}
        quiet
        kind="ghost"
        disabled={props.disabled}
        onClick={() => input.current?.click()}
      />
      <input
        ref={input}
        class="unseen"
        type="file"
        accept={KINDS.join(",")}
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          props.onPick([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
