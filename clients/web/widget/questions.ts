/** Questions that the shop has an answer to, before a chat. */

import type { Config } from "../shared/protocol/frames";
import { Refused } from "../shared/protocol/link";
import type { Model } from "./model";
import { faqOf } from "./state";

/** What was read is remembered for the chat that may follow; the broker keeps as many. */
const MOST = 50;

export class Questions {
  constructor(private readonly model: Model) {}

  async pick(faq: string): Promise<void> {
    const faqs = [...this.model.state.faqs.filter((one) => one !== faq), faq].slice(
      -MOST,
    );
    try {
      const reply = await this.model.asked("faq.pick", { faq });
      const { question, answer } = reply as unknown as {
        question: string;
        answer: string;
      };
      this.model.memory.setTab({ faqs });
      this.model.set({ faqs, answer: { faq, question, answer }, notice: undefined });
      this.model.set({ announced: answer });
    } catch (error) {
      if (!(error instanceof Refused)) return;
      const list = error.refusal["faq"] as Config["faq"] | undefined;
      const { config } = this.model.state;
      if (config && list) this.model.set({ config: { ...config, faq: list } });
      this.model.set({ notice: this.model.state.say.say("faqGone") });
    }
  }

  async helped(helped: boolean): Promise<void> {
    const { answer } = this.model.state;
    if (answer) this.model.set({ answer: { ...answer, helped } });
    if (!helped) await this.goOn();
    else await this.model.asked("faq.done", { helped }).catch(() => undefined);
  }

  /** Back to the list of questions. */
  list(): void {
    this.model.memory.setTab({ asking: false });
    this.model.set({ answer: undefined, asking: false, notice: undefined });
  }

  /** From the questions to writing. */
  async goOn(): Promise<void> {
    this.model.memory.setTab({ asking: true });
    this.model.set({ asking: true, answer: undefined, notice: undefined });
    if (!this.model.state.config || faqOf(this.model.state.config).length === 0) return;
    const reply = await this.model
      .asked("faq.done", { helped: false })
      .catch(() => undefined);
    const welcome = reply?.["welcome"];
    if (typeof welcome === "string") this.model.set({ welcome });
  }
}
