/** The first steps of a new shop, which tick themselves, and all pages there are. */

import { Icon } from "../../parts/icon";
import { useStore } from "../../state/store";
import { t } from "../../words/words";
import { useOffice } from "../context";
import type { Agent, Question, Settings } from "../model/documents";
import { GROUPS, TOPICS } from "../topics";

interface Step {
  name: "install" | "agents" | "hours" | "faq";
  done: boolean;
}

/** Returns the four steps, and which of them are done. */
export function steps(
  settings: Partial<Settings>,
  agents: readonly Agent[],
  questions: readonly Question[],
): readonly Step[] {
  const working = agents.filter((agent) => !agent.disabled);
  return [
    { name: "install", done: (settings.chat?.allowed_origins.length ?? 0) > 0 },
    { name: "agents", done: working.length > 1 },
    { name: "hours", done: (settings.hours?.weekly ?? null) !== null },
    { name: "faq", done: questions.some((question) => question.published !== false) },
  ];
}

export function Start() {
  const office = useOffice();
  const { saved } = useStore(office.papers.settings.sheet);
  const questions = useStore(office.papers.faq.sheet, (sheet) => sheet.saved);
  const agents = useStore(office.agents) ?? [];
  const all = steps(saved, agents, questions);
  const done = all.filter((step) => step.done).length;
  return (
    <>
      <section class="set-steps" aria-label={t("steps")}>
        <h2>
          {done === all.length
            ? t("steps_done")
            : t("steps_left", { done, n: all.length })}
        </h2>
        <ol>
          {all.map((step) => (
            <li key={step.name} class={step.done ? "done" : ""}>
              <a href={`#/settings/${step.name}`}>
                <span class="set-tick">
                  {step.done && <Icon name="check" size={16} />}
                </span>
                <span>
                  <strong>{t(`step.${step.name}`)}</strong>
                  <small>{t(`step.${step.name}_why`)}</small>
                </span>
                <span class="unseen">{t(step.done ? "step_done" : "step_open")}</span>
                <Icon name="next" size={16} />
              </a>
            </li>
          ))}
        </ol>
      </section>
      <div class="set-all">
        {GROUPS.map((group) => (
          <section key={group} aria-label={t(`topics.${group}`)}>
            <h2>{t(`topics.${group}`)}</h2>
            <ul>
              {TOPICS.filter((topic) => topic.group === group).map((topic) => (
                <li key={topic.name}>
                  <a href={`#/settings/${topic.name}`}>
                    <Icon name={topic.icon} />
                    <span>
                      <strong>{t(`topic.${topic.name}`)}</strong>
                      <small>{t(`purpose.${topic.name}`)}</small>
                    </span>
                  </a>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}
