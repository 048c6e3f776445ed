/** Lines of a conversation: bubbles, notes, and what happened in between. */

import { useEffect, useState } from "preact/hooks";
import type { Pending } from "../model/talking";
import type { Bubble as BubbleLine } from "../state/lines";
import { useStore } from "../state/store";
import { type Receipts, receiptOf } from "../state/thread";
import { type ChatEvent, agentOf, strings, text } from "../state/ticket";
import { t, time } from "../words/words";
import { useDesk } from "./context";
import { happening, whoIs } from "./happenings";
import { Icon } from "./icon";
import { Prose } from "./prose";

interface BubbleProps {
  line: BubbleLine;
  /** How far it came; nothing where that is not said. */
  receipt: Receipts | undefined;
  name: string;
}

export function Bubble({ line, receipt, name }: BubbleProps) {
  const { event, side, first, last } = line;
  const auto = text(event.body["auto"]);
  const blobs = strings(event.body["blobs"]);
  const words = text(event.body["text"]);
  return (
    <article
      class={`bubble-line ${side} ${first ? "first" : ""} ${last ? "last" : ""}`}
    >
      {first && side !== "me" && <Author event={event} name={name} auto={auto} />}
      {words && (
        <div class={`bubble ${auto ? "auto" : ""}`} dir="auto">
          <Prose text={words} />
        </div>
      )}
      {blobs.map((blob) => (
        <Picture blob={blob} key={blob} />
      ))}
      {(last || receipt || event.body["hold"] === true) && (
        <p class="bubble-foot">
          {event.body["hold"] === true && (
            <span class="held">
              <Icon name="hold" size={12} /> {t("held")}
            </span>
          )}
          <time>{time(event.at)}</time>
          {receipt && <Receipt receipts={receipt} seq={event.seq} />}
        </p>
      )}
    </article>
  );
}

function Author(props: { event: ChatEvent; name: string; auto: string }) {
  const { base } = useDesk();
  const { event, name, auto } = props;
  const agent = agentOf(event.by);
  return (
    <h3 class="author">
      {event.by === "bot" && <Icon name="bot" size={12} />}
      <bdi>
        {auto && agent === undefined ? t(`auto_${auto}`) : whoIs(event.by, name, base)}
      </bdi>
    </h3>
  );
}

function Receipt({ receipts, seq }: { receipts: Receipts; seq: number }) {
  const far = receiptOf({ receipts }, seq);
  if (far === "read") {
    return (
      <span class="receipt seen">{t("seen_at", { time: time(receipts.readAt) })}</span>
    );
  }
  return <span class="receipt">{t(far === "got" ? "delivered" : "sent")}</span>;
}

export function PendingBubble({ pending }: { pending: Pending }) {
  const { base, talking } = useDesk();
  const online = useStore(base.seat, (seat) => seat.state === "online");
  const said = pending.text || (pending.macro ? t("macros") : "");
  return (
    <article
      class={`bubble-line me first last ${pending.failed ? "failed" : "pending"}`}
    >
      {said && (
        <div class={`bubble ${pending.note ? "note-bubble" : ""}`} dir="auto">
          <Prose text={said} />
        </div>
      )}
      {pending.blobs.map((blob) => (
        <Picture blob={blob} key={blob} />
      ))}
      <p class="bubble-foot" role={pending.failed ? "alert" : undefined}>
        {pending.failed ? (
          <>
            <span class="not-sent">
              {t("not_sent")}. {t(`error_${pending.failed}`)}
            </span>
            <button
              type="button"
              class="link"
              onClick={() => talking.retry(pending.id)}
            >
              {t("retry")}
            </button>
            <button type="button" class="link" onClick={() => talking.drop(pending.id)}>
              {t("discard")}
            </button>
          </>
        ) : (
          t(online ? "sending" : "waiting_connection")
        )}
      </p>
    </article>
  );
}

export function Note({ event }: { event: ChatEvent }) {
  const { base } = useDesk();
  const agent = agentOf(event.by) ?? "";
  const who = agent === base.me ? t("you") : base.name(agent);
  return (
    <article class="note" aria-label={t("note_by", { name: who })}>
      <h3>
        <Icon name="note" size={12} /> {t("note")} · <bdi>{who}</bdi>
        <time>{time(event.at)}</time>
      </h3>
      <div dir="auto">
        <Prose text={text(event.body["text"])} />
      </div>
    </article>
  );
}

export function SystemLine({ event, name }: { event: ChatEvent; name: string }) {
  const { base } = useDesk();
  const said = happening(event, name, base);
  return (
    <p class={`system ${event.kind === "checkin" ? text(event.body["state"]) : ""}`}>
      <span>{said}</span>
      <time>{time(event.at)}</time>
    </p>
  );
}

/** An image of the chat, fetched with the agent's token when it comes into sight. */
function Picture({ blob }: { blob: string }) {
  const { images } = useDesk();
  const [url, setUrl] = useState<string>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let there = true;
    images
      .address(blob)
      .then((address) => there && setUrl(address))
      .catch(() => there && setFailed(true));
    return () => {
      there = false;
    };
  }, [blob]);
  if (failed) return <p class="picture failed">{t("image_failed")}</p>;
  if (!url) return <div class="picture loading" role="img" aria-label={t("image")} />;
  return (
    <a
      class="picture"
      href={url}
      target="_blank"
      rel="noopener"
      title={t("open_image")}
    >
      <img src={url} alt={t("image")} />
    </a>
  );
}
