/** Where one writes: text, emoji, images. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/design/icons";
import type { emojiPicker } from "../../shared/emoji/picker";
import { KINDS } from "../../shared/images/images";
import { withBot } from "../state";
import { useModel } from "./use";

/** It grows with the text, up to five lines. */
const MOST_PX = 5 * 20 + 16;

export function Composer() {
  const { model, state, t } = useModel();
  const box = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [picking, setPicking] = useState(false);
  const { draft, attachments, role } = state;
  const ready = draft.trim() !== "" || attachments.length > 0;
  const uploading = attachments.some(({ blob }) => blob === undefined);

  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, MOST_PX)}px`;
  }, [draft]);
  useLayoutEffect(() => {
    // At once: a key must not fall between the box of a new chat and that of its thread.
    // On a phone the keyboard would cover what there is to read first.
    if (matchMedia("(pointer: fine)").matches)
      box.current?.focus({ preventScroll: true });
  }, []);

  const send = (): void => {
    if (model.writing.send()) setPicking(false);
    box.current?.focus();
  };
  const onKey = (event: KeyboardEvent): void => {
    // An input method's Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const insert = (emoji: string): void => {
    const area = box.current;
    const from = area?.selectionStart ?? draft.length;
    model.writing.setDraft(
      draft.slice(0, from) + emoji + draft.slice(area?.selectionEnd ?? from),
    );
    requestAnimationFrame(() =>
      area?.setSelectionRange(from + emoji.length, from + emoji.length),
    );
  };

  return (
    <div
      class="foot"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !picking) return;
        event.stopPropagation();
        setPicking(false);
        box.current?.focus();
      }}
    >
      <BeforeFirst />
      {picking && <Picker insert={insert} close={() => setPicking(false)} />}
      {attachments.length > 0 && <Attachments />}
      {state.notice && (
        <p class="notice" role="alert">
          {state.notice}
        </p>
      )}
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          ref={box}
          rows={1}
          dir={draft === "" ? state.say.dir : "auto"}
          aria-label={t("write")}
          placeholder={t("placeholder")}
          value={draft}
          enterkeyhint="send"
          onInput={({ currentTarget }) => model.writing.setDraft(currentTarget.value)}
          onKeyDown={onKey}
          onPaste={(event) => {
            if (role === "shopper" && model.images.take(event.clipboardData))
              event.preventDefault();
          }}
        />
        <div class="tools">
          <button
            type="button"
            class="tool"
            aria-label={t(picking ? "emojiClose" : "emoji")}
            title={t("emoji")}
            aria-expanded={picking}
            onClick={() => setPicking(!picking)}
          >
            <Icon name="emoji" />
          </button>
          {role === "shopper" && (
            <>
              <button
                type="button"
                class="tool"
                aria-label={t("attach")}
                title={t("attach")}
                onClick={() => files.current?.click()}
              >
                <Icon name="attach" />
              </button>
              <input
                ref={files}
                type="file"
                class="none"
                tabIndex={-1}
                aria-hidden="true"
                multiple
                accept={KINDS.join(",")}
                onChange={({ currentTarget }) => {
                  model.images.attach([...(currentTarget.files ?? [])]);
                  currentTarget.value = "";
                  box.current?.focus();
                }}
              />
            </>
          )}
          {ready && (
            <button
              type="submit"
              class="send"
              aria-label={t("send")}
              title={t("send")}
              disabled={uploading}
            >
              <Icon name="send" />
            </button>
          )}
        </div>
      </form>
    </div>
  );
}

/** What one is told before the first message, and may have to accept. */
function BeforeFirst() {
  const { model, state, t } = useModel();
  const legal = state.config?.legal;
  const links = [
    ["terms", legal?.terms_url],
    ["privacy", legal?.privacy_url],
  ] as const;
  const known = links.flatMap(([key, url]) => (url ? [{ key, url }] : []));
  if (state.thread.chat !== undefined) return <AskForPerson />;
  if (known.length === 0 && !legal?.ack_required) return null;
  return (
    <div class="legal">
      <p>
        {known.length > 0 && <span>{t("legal")}</span>}
        {known.map(({ key, url }) => (
          <a key={key} href={url} target="_blank" rel="noopener">
            {t(key)}
          </a>
        ))}
      </p>
      {legal?.ack_required && (
        <label>
          <input
            type="checkbox"
            checked={state.accepted}
            onChange={({ currentTarget }) =>
              model.patch({ accepted: currentTarget.checked, notice: undefined })
            }
          />
          {t("ack")}
        </label>
      )}
    </div>
  );
}

function AskForPerson() {
  const { model, state, t } = useModel();
  if (!withBot(state) || state.thread.handoff?.state === "offered") return null;
  return (
    <div class="over-composer">
      <button type="button" class="chip" onClick={() => model.writing.askForPerson()}>
        <Icon name="person" size={16} />
        {t("person")}
      </button>
    </div>
  );
}

function Attachments() {
  const { model, state, t } = useModel();
  return (
    <ul class="attachments">
      {state.attachments.map(({ key, name, address, share, blob }) => (
        <li key={key}>
          <img src={address} alt={name} />
          {blob === undefined && (
            <progress value={share} max={1} aria-label={t("uploading", { name })} />
          )}
          <button
            type="button"
            aria-label={t("remove", { name })}
            onClick={() => model.images.detach(key)}
          >
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The emoji, which are loaded when somebody first asks for them. */
function Picker({
  insert,
  close,
}: {
  insert: (emoji: string) => void;
  close: () => void;
}) {
  const { model, state } = useModel();
  const place = useRef<HTMLDivElement>(null);
  const put = useRef(insert);
  put.current = insert;
  useEffect(() => {
    let gone = false;
    const language = state.say.locale;
    const data =
      model.later.address(`emoji-${language}`) ?? model.later.address("emoji-en") ?? "";
    const show = (make: typeof emojiPicker): void => {
      if (gone) return;
      place.current?.append(
        make({ language, data, onPick: (emoji) => put.current(emoji) }),
      );
    };
    model.later.load<typeof emojiPicker>("emoji").then(show, close);
    return () => void (gone = true);
  }, []);
  return <div ref={place} class="emoji" />;
}
