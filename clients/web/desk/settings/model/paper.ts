/** A versioned document while it is edited: what is saved, what is written, what is wrong. */

import { Store } from "../../state/store";
import { RestError, type Rest } from "../../wire/rest";
import { changes, merged, same, type Change } from "../form/changes";
import { type Path, parsed, withValue } from "../form/paths";

export interface Problem {
  path: Path;
  reason: string;
}

/** What somebody else has saved meanwhile. */
export interface Conflict<T> {
  version: number;
  theirs: T;
}

export interface Sheet<T> {
  state: "loading" | "ready" | "failed";
  version: number;
  saved: T;
  draft: T;
  saving: boolean;
  problem?: Problem | undefined;
  conflict?: Conflict<T> | undefined;
  /** Why nothing was saved, as a code, where no field is at fault. */
  refused?: string | undefined;
}

/** Where a document is kept, and under which name it travels. */
export interface Shelf {
  path: string;
  key: "settings" | "items";
}

const UNTOLD = { problem: undefined, conflict: undefined, refused: undefined };

export class Paper<T> {
  readonly sheet: Store<Sheet<T>>;

  constructor(
    private readonly rest: Pick<Rest, "get" | "put">,
    private readonly shelf: Shelf,
    empty: T,
  ) {
    this.sheet = new Store<Sheet<T>>({
      state: "loading",
      version: 0,
      saved: empty,
      draft: empty,
      saving: false,
    });
  }

  get dirty(): boolean {
    const { saved, draft } = this.sheet.get();
    return !same(saved, draft);
  }

  /** What saving would change. */
  get changes(): Change[] {
    const { saved, draft } = this.sheet.get();
    return changes(saved, draft);
  }

  /** Reads it anew, unless that would lose what was written. */
  async load(): Promise<void> {
    if (this.dirty) return;
    try {
      const { version, document } = await this.read();
      if (this.dirty) return;
      const read = { version, saved: document, draft: document, ...UNTOLD };
      this.sheet.update((sheet) => ({ ...sheet, ...read, state: "ready" }));
    } catch {
      this.sheet.update((sheet) => ({
        ...sheet,
        state: sheet.state === "ready" ? "ready" : "failed",
      }));
    }
  }

  edit(path: Path, value: unknown): void {
    this.sheet.update((sheet) => ({
      ...sheet,
      draft: withValue(sheet.draft, path, value),
      problem: undefined,
      refused: undefined,
    }));
  }

  discard(): void {
    this.sheet.update((sheet) => ({ ...sheet, draft: sheet.saved, ...UNTOLD }));
  }

  /** Returns whether all of it is saved. */
  async save(): Promise<boolean> {
    const { saving, draft, version } = this.sheet.get();
    if (saving) return false;
    this.sheet.update((sheet) => ({ ...sheet, saving: true, ...UNTOLD }));
    try {
      const body = { if_version: version, [this.shelf.key]: draft };
      const answer = await this.rest.put<{ version: number }>(this.shelf.path, body);
      this.sheet.update((sheet) => ({
        ...sheet,
        saved: draft,
        version: answer.version,
      }));
      return true;
    } catch (error) {
      await this.told(error);
      return false;
    } finally {
      this.sheet.update((sheet) => ({ ...sheet, saving: false }));
    }
  }

  /** Goes on from what somebody else has saved, with what was written here. */
  keepMine(): void {
    this.sheet.update((sheet) => {
      if (!sheet.conflict) return sheet;
      const { theirs, version } = sheet.conflict;
      const draft = merged(sheet.saved, sheet.draft, theirs) as T;
      return { ...sheet, version, saved: theirs, draft, ...UNTOLD };
    });
  }

  /** Goes on from what somebody else has saved. */
  takeTheirs(): void {
    this.sheet.update((sheet) => {
      if (!sheet.conflict) return sheet;
      const { theirs, version } = sheet.conflict;
      return { ...sheet, version, saved: theirs, draft: theirs, ...UNTOLD };
    });
  }

  private async told(error: unknown): Promise<void> {
    const refusal = error instanceof RestError ? error : undefined;
    if (refusal?.code === "conflict") {
      try {
        const { version, document } = await this.read();
        const conflict = { version, theirs: document };
        this.sheet.update((sheet) => ({ ...sheet, conflict }));
        return;
      } catch {
        // What is newer cannot be read either: that it was refused is all there is to say.
      }
    }
    if (refusal?.path !== undefined) {
      const path = parsed(refusal.path, 1);
      const problem = { path, reason: refusal.reason ?? refusal.message };
      this.sheet.update((sheet) => ({ ...sheet, problem }));
      return;
    }
    const refused = refusal?.code ?? "unavailable";
    this.sheet.update((sheet) => ({ ...sheet, refused }));
  }

  private async read(): Promise<{ version: number; document: T }> {
    const answer = await this.rest.get<Record<string, unknown>>(this.shelf.path);
    return {
      version: answer["version"] as number,
      document: answer[this.shelf.key] as T,
    };
  }
}
