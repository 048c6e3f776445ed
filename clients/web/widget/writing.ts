/** What the person writes, from the first key until it is in the chat. */

import type { Reply } from "../shared/protocol/frames";
import { Refused } from "../shared/protocol/link";
import { failed, sending, settled, type Pending } from "../shared/thread/thread";
import type { Model } from "./model";
import type { State } from "./state";

/** Bytes of one text that any broker takes; `welcome.limits` says it exactly. */
const TEXT_BYTES = 8192;

export class Writing {
  /** Bytes that fit into one message. */
  textBytes = TEXT_BYTES;

  constructor(private readonly model: Model) {}

  setDraft(draft: string): void {
    this.model.set({ draft, notice: undefined });
    this.model.memory.setTab({ draft });
    const { chat, closed } = this.model.state.thread;
    if (chat !== undefined && !closed)
      this.model.link?.typing(chat, draft.trim() !== "");
  }

  /** Sends what is in the composer; returns whether it could. */
  send(): boolean {
    const { draft, attachments, say, config, thread, accepted } = this.model.state;
    const blobs = attachments.flatMap(({ blob }) => (blob === undefined ? [] : [blob]));
    if (draft.trim() === "" && blobs.length === 0) return false;
    if (blobs.length < attachments.length) return false;
    if (new TextEncoder().encode(draft).length > this.textBytes) {
      this.model.set({ notice: say.say("tooLong"), announced: say.say("tooLong") });
      return false;
    }
    if (!thread.chat && config?.legal?.ack_required && !accepted) {
      this.model.set({
        notice: say.say("ackMissing"),
        announced: say.say("ackMissing"),
      });
      return false;
    }
    this.say(draft, blobs);
    for (const { address } of attachments) URL.revokeObjectURL(address);
    this.model.set({ draft: "", attachments: [], notice: undefined });
    this.model.memory.setTab({ draft: "" });
    return true;
  }

  /** Asks for a person instead of the bot. */
  askForPerson(): void {
    this.say(this.model.state.say.say("personAsked"), []);
  }

  private say(text: string, blobs: readonly string[]): void {
    const at = this.model.link?.now() ?? this.model.world.now();
    this.attempt({ id: this.model.world.newId(), text, blobs, at });
    const { chat } = this.model.state.thread;
    if (chat !== undefined) this.model.link?.typing(chat, false);
    this.model.set({ asking: true });
  }

  /** Tries to send a message, the first time or again. */
  private attempt(pending: Pending): void {
    const { thread, accepted, faqs } = this.model.state;
    const { id, text, blobs } = pending;
    const said = { ...(text ? { text } : {}), ...(blobs.length > 0 ? { blobs } : {}) };
    this.keepPending(sending(thread, pending));
    const request = thread.chat
      ? this.model.link?.request("msg.send", { chat: thread.chat, ...said }, id)
      : this.model.link?.request(
          "chat.start",
          {
            ...said,
            ...(faqs.length > 0 && { faqs }),
            ...(accepted && { legal_ack: true }),
          },
          id,
        );
    request?.done.then(
      (reply) => this.arrivedThere(id, reply),
      (error: unknown) => this.notSent(id, error),
    );
  }

  private arrivedThere(id: string, reply: Reply): void {
    const thread = settled(this.model.state.thread, id);
    // A chat that has just begun has no past to wait for.
    this.keepPending(reply.existing === false ? { ...thread, live: true } : thread);
    if (reply.existing && reply.chat) this.model.openChat(reply.chat);
  }

  private notSent(id: string, error: unknown): void {
    if (!(error instanceof Refused)) return;
    const { thread, say } = this.model.state;
    this.keepPending(failed(thread, id, error.code));
    this.model.set({ announced: say.say("failed") });
    if (error.code === "login_required") this.model.tell("signin");
    this.model.tell("error", { code: error.code });
  }

  /** Sends a failed message once more, to a new chat if its own has ended. */
  tryAgain(id: string): void {
    const pending = this.model.state.thread.pending.find((one) => one.id === id);
    if (!pending) return;
    if (this.model.state.thread.closed) {
      this.model.newChat();
      this.model.set({ asking: true });
      return;
    }
    const { failed: _, ...again } = pending;
    this.attempt(again);
  }

  discard(id: string): void {
    this.keepPending(settled(this.model.state.thread, id));
  }

  /** Tries what an earlier page of this tab could not finish, under the same ids. */
  sendAgain(): void {
    for (const pending of this.model.memory.tab().pending ?? []) {
      if (pending.failed === undefined) this.attempt(pending);
    }
  }

  private keepPending(thread: State["thread"]): void {
    this.model.set({ thread });
    this.model.memory.setTab({ pending: [...thread.pending] });
  }
}
