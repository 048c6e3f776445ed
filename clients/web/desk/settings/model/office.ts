/** What the settings pages work on: the shop's documents, its schema, its agents. */

import type { Desk } from "../../model/desk";
import { Store } from "../../state/store";
import type { Rest } from "../../wire/rest";
import { type Field, type Schemas, fieldsOf } from "../form/schema";
import type { Agent, Article, Macro, Question, Settings } from "./documents";
import { Paper } from "./paper";

interface Described {
  components: { schemas: Schemas };
}

/** The fields of each document; of an item, where it is a list. */
export interface Fields {
  settings: readonly Field[];
  faq: readonly Field[];
  macros: readonly Field[];
  knowledge: readonly Field[];
}

export type Papers = Office["papers"];

export class Office {
  readonly papers;
  readonly fields = new Store<Fields | undefined>(undefined);
  /** Whether the schema could not be read. */
  readonly undescribed = new Store(false);
  readonly agents = new Store<readonly Agent[] | undefined>(undefined);
  readonly rest: Rest;
  readonly path: string;

  constructor(desk: Desk) {
    const { rest, seat } = desk.base;
    this.rest = rest;
    this.path = `/v1/sites/${encodeURIComponent(seat.get().site)}`;
    const items = <T>(name: string) =>
      new Paper<readonly T[]>(rest, { path: `${this.path}/${name}`, key: "items" }, []);
    this.papers = {
      // Nothing is drawn before it was read.
      settings: new Paper<Settings>(
        rest,
        { path: `${this.path}/settings`, key: "settings" },
        {} as Settings,
      ),
      faq: items<Question>("faq"),
      macros: items<Macro>("macros"),
      knowledge: items<Article>("knowledge"),
    };
  }

  get dirty(): boolean {
    return Object.values(this.papers).some((paper) => paper.dirty);
  }

  /** Reads all that is not there yet, and what may have changed. */
  async open(): Promise<void> {
    const reading = Object.values(this.papers).map((paper) => paper.load());
    await Promise.all([...reading, this.describe(), this.employ()]);
  }

  async employ(): Promise<void> {
    try {
      const { agents } = await this.rest.get<{ agents: Agent[] }>(
        `${this.path}/agents`,
      );
      this.agents.set(agents);
    } catch {
      // Those known before are as good as there is.
    }
  }

  private async describe(): Promise<void> {
    if (this.fields.get()) return;
    this.undescribed.set(false);
    try {
      const described = await this.rest.get<Described>("/schema/openapi.json");
      const { schemas } = described.components;
      const fields = (name: string) => fieldsOf(schemas, schemas[name] ?? {});
      this.fields.set({
        settings: fields("Settings"),
        faq: fields("FaqItem"),
        macros: fields("Macro"),
        knowledge: fields("KnowledgeItem"),
      });
    } catch {
      this.undescribed.set(true);
    }
  }
}

const OFFICES = new WeakMap<Desk, Office>();

/** Returns the office of a desk: what was written there is kept while one is elsewhere. */
export function officeOf(desk: Desk): Office {
  const known = OFFICES.get(desk) ?? new Office(desk);
  OFFICES.set(desk, known);
  return known;
}
