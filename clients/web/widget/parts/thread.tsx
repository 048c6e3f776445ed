/** The conversation. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../shared/design/icons";
import { dayNumber } from "../../shared/i18n/i18n";
import type { Event } from "../../shared/protocol/frames";
import { onlyEmoji, pieces } from "../../shared/thread/links";
import { view, type Bubble, type Group, type Item } from "../../shared/thread/view";
import type { Key } from "../language";
import { dayLine, nameOf, TICKS, waiting } from "../state";
import { Avatar } from "./avatar";
import { Ended } from "./after";
import { useModel } from "./use";

/** So near to its end, one is at the end of the thread. */
const NEAR_PX = 32;
/** Events that are drawn at first, and with each step towards the beginning. */
const PAGE = 100;

export function ThreadView() {
  const { model, state, t } = useModel();
  const { thread, say } = state;
  const box = useRef<HTMLDivElement>(null);
  const [below, setBelow] = useState(0);
  const atEnd = useRef(true);
  const shown = useRef(0);
  const newest = Math.max(0, thread.events.length - PAGE);
  const [first, setFirst] = useState(newest);
  const from = Math.max(0, Math.min(first, newest));
  /** How far the top of what is seen was from the end, before more was put above it. */
  const kept = useRef(0);
  const items = view(
    { ...thread, events: thread.events.slice(from) },
    {
      who: state.who,
      others: (person) => person.startsWith("agent:"),
      own: (person) => person === state.who || person.startsWith("anon:"),
      dayOf: (at) => String(dayNumber(at)),
    },
  );
  const count = thread.events.length + thread.pending.length;

  const toEnd = (): void => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  const onScroll = (): void => {
    const { scrollHeight, scrollTop, clientHeight } = box.current as HTMLElement;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    model.setLooking(atEnd.current);
    if (atEnd.current) setBelow(0);
    if (scrollTop < clientHeight && from > 0) {
      kept.current = scrollHeight - scrollTop;
      setFirst(from - PAGE);
    }
  };
  useLayoutEffect(() => {
    const log = box.current as HTMLElement;
    if (kept.current) log.scrollTop = log.scrollHeight - kept.current;
    kept.current = 0;
    const own =
      thread.pending.at(-1)?.failed === undefined && thread.pending.length > 0;
    if (atEnd.current || own) toEnd();
    else if (count > shown.current)
      setBelow((n) => n + fresh(thread.events, shown.current));
    shown.current = count;
  });
  useEffect(() => {
    model.setLooking(true);
    // Images and a growing composer change what there is to see.
    const watcher = new ResizeObserver(() => atEnd.current && toEnd());
    for (const element of [box.current, box.current?.firstElementChild]) {
      if (element) watcher.observe(element);
    }
    return () => {
      watcher.disconnect();
      model.setLooking(false);
    };
  }, []);

  const lastOwn = items.findLast((item) => item.type === "group" && item.own);
  return (
    <div class="thread-place">
      <div
        ref={box}
        class="thread"
        role="log"
        aria-live="off"
        aria-label={t("conversation")}
        tabIndex={0}
        onScroll={onScroll}
      >
        <div class="thread-items">
          {items.map((item) => (
            <Row key={item.key} item={item} last={item === lastOwn} />
          ))}
          <Typing />
          {waiting(state) && thread.live && <Waiting />}
          <Handoff />
          {thread.closed && <Ended />}
        </div>
      </div>
      {below > 0 && (
        <button type="button" class="pill" onClick={toEnd}>
          <Icon name="down" size={16} />
          {say.say("newMessages", { n: below })}
        </button>
      )}
    </div>
  );
}

function fresh(events: readonly Event[], from: number): number {
  return events.slice(from).filter(({ kind }) => kind === "msg").length;
}

function Row({ item, last }: { item: Item; last: boolean }) {
  const { state } = useModel();
  switch (item.type) {
    case "day":
      return <p class="day">{dayLine(state, item.at)}</p>;
    case "group":
      return <GroupRow group={item} last={last} />;
    case "event":
      return <EventRow event={item.event} />;
  }
}

function GroupRow({ group, last }: { group: Group; last: boolean }) {
  const { state, t } = useModel();
  const { by, own, bubbles } = group;
  const name = nameOf(state, by);
  const final = bubbles.at(-1) as Bubble;
  return (
    <div class={`group ${own ? "own" : ""}`}>
      {!own && <Avatar by={by} name={name} />}
      <div class="bubbles">
        <p class={own ? "sr" : "author"}>
          {name}
          {by === "bot" && <span class="mark">{t("botLabel")}</span>}
        </p>
        {bubbles.map((bubble) => (
          <BubbleRow key={bubble.key} bubble={bubble} />
        ))}
        <p class="meta">
          <time dateTime={new Date(final.at).toISOString()}>
            {state.say.time(final.at)}
          </time>
          {final.tick &&
            final.tick !== "failed" &&
            (last || final.tick === "sending") && (
              <>
                <span aria-hidden="true">·</span>
                <span>{t(TICKS[final.tick])}</span>
                {final.tick !== "sending" && (
                  <Icon name={final.tick === "sent" ? "check" : "checks"} size={14} />
                )}
              </>
            )}
        </p>
      </div>
    </div>
  );
}

const FAILURES: Record<string, Key> = {
  chat_closed: "failedClosed",
  too_big: "failedLong",
  forbidden: "failedForbidden",
  login_required: "failedLogin",
};

function BubbleRow({ bubble }: { bubble: Bubble }) {
  const { model, t } = useModel();
  const { text, blobs, tick, failed } = bubble;
  const large = blobs.length === 0 && onlyEmoji(text);
  return (
    <>
      {blobs.length > 0 && (
        <div class="images">
          {blobs.map((blob) => (
            <Picture key={blob} blob={blob} />
          ))}
        </div>
      )}
      {text && (
        <div class={`bubble ${large ? "large" : ""} ${tick ?? ""}`} dir="auto">
          {pieces(text).map(({ text: words, href }, place) =>
            href ? (
              <a
                key={place}
                href={href}
                target="_blank"
                rel="noopener noreferrer nofollow"
              >
                {words}
              </a>
            ) : (
              words
            ),
          )}
        </div>
      )}
      {failed !== undefined && (
        <p class="failure">
          <Icon name="alert" size={16} />
          <span>{t(FAILURES[failed] ?? "failed")}</span>
          <button
            type="button"
            class="link"
            onClick={() => model.writing.tryAgain(bubble.key)}
          >
            {t("tryAgain")}
          </button>
          <button
            type="button"
            class="link"
            onClick={() => model.writing.discard(bubble.key)}
          >
            {t("discard")}
          </button>
        </p>
      )}
    </>
  );
}

function Picture({ blob }: { blob: string }) {
  const { model, t } = useModel();
  const [address, setAddress] = useState<string | null>();
  useEffect(() => {
    model.gallery.address(blob).then(setAddress, () => setAddress(null));
  }, [blob]);
  if (address === null) return <p class="gone">{t("imageGone")}</p>;
  if (address === undefined) return <div class="picture skeleton" aria-hidden="true" />;
  return (
    <a class="picture" href={address} target="_blank" rel="noopener">
      <img src={address} alt={t("image")} />
    </a>
  );
}

function EventRow({ event }: { event: Event }) {
  const { t } = useModel();
  const { kind, body } = event;
  if (kind === "faq") {
    return (
      <details class="read">
        <summary>
          {t("readFaq")}: <span dir="auto">{String(body["question"])}</span>
        </summary>
        <p dir="auto">{String(body["answer"])}</p>
      </details>
    );
  }
  if (kind === "handoff" && body["state"] === "accepted") {
    return <p class="line">{t("handoffDone")}</p>;
  }
  if (kind === "handoff" && body["state"] === "failed") {
    return <p class="line">{t("handoffFailed")}</p>;
  }
  return null;
}

function Typing() {
  const { state, t } = useModel();
  const [first] = state.typing;
  if (!first || state.thread.closed) return null;
  const name = nameOf(state, first.by);
  return (
    <div class="group typing">
      <Avatar by={first.by} name={name} />
      <div class="bubbles">
        <div class="bubble dots" aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
        <p class="sr">
          {t(first.what === "thinking" ? "botThinks" : "types", { name })}
        </p>
      </div>
    </div>
  );
}

function Waiting() {
  const { state, t } = useModel();
  const { ahead } = state;
  return (
    <div class="status-card">
      <Icon name="clock" />
      <div>
        <p class="strong">
          {ahead === undefined
            ? t("waitingTitle")
            : ahead === 0
              ? t("waitingNext")
              : t("waitingPlace", { n: ahead })}
        </p>
        <p>{t("waitingText")}</p>
      </div>
    </div>
  );
}

function Handoff() {
  const { model, state, t } = useModel();
  if (state.thread.handoff?.state !== "offered" || state.thread.closed) return null;
  // A person answers only who is signed in.
  if (state.signInFirst && state.role === "visitor") {
    return (
      <div class="card" role="status">
        <p>{t("handoffLogin")}</p>
        {model.canSignIn && (
          <button type="button" class="primary" onClick={() => model.signIn()}>
            {t("signIn")}
          </button>
        )}
      </div>
    );
  }
  return (
    <fieldset class="card ask">
      <legend>{t("handoffTitle")}</legend>
      <button
        type="button"
        class="primary"
        onClick={() => void model.answerHandoff(true)}
      >
        {t("handoffYes")}
      </button>
      <button
        type="button"
        class="plain"
        onClick={() => void model.answerHandoff(false)}
      >
        {t("handoffNo")}
      </button>
    </fieldset>
  );
}
