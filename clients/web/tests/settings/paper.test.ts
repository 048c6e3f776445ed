import { describe, expect, test } from "vitest";
import { Paper } from "../../desk/settings/model/paper";
import { RestError } from "../../desk/wire/rest";

interface Doc {
  a: number;
  b: number;
}

/** A broker that keeps one document. */
class Kept {
  version = 1;
  document: Doc = { a: 1, b: 1 };
  refusal?: RestError;

  get<T>(): Promise<T> {
    return Promise.resolve({ version: this.version, settings: this.document } as T);
  }

  put<T>(_: string, body: unknown): Promise<T> {
    const { if_version, settings } = body as { if_version: number; settings: Doc };
    if (this.refusal) return Promise.reject(this.refusal);
    if (if_version !== this.version) {
      return Promise.reject(new RestError(409, "conflict", ""));
    }
    this.version += 1;
    this.document = settings;
    return Promise.resolve({ version: this.version } as T);
  }
}

async function opened(kept: Kept): Promise<Paper<Doc>> {
  const paper = new Paper<Doc>(kept, { path: "/s", key: "settings" }, { a: 0, b: 0 });
  await paper.load();
  return paper;
}

describe("a document", () => {
  test("is saved whole, and then is what it was changed to", async () => {
    const kept = new Kept();
    const paper = await opened(kept);
    expect(paper.dirty).toBe(false);
    paper.edit(["a"], 2);
    expect([paper.dirty, paper.changes.length]).toEqual([true, 1]);
    expect(await paper.save()).toBe(true);
    expect([kept.document, paper.dirty]).toEqual([{ a: 2, b: 1 }, false]);
  });

  test("is not read over what was written", async () => {
    const kept = new Kept();
    const paper = await opened(kept);
    paper.edit(["a"], 2);
    kept.document = { a: 9, b: 9 };
    await paper.load();
    expect(paper.sheet.get().draft).toEqual({ a: 2, b: 1 });
    paper.discard();
    await paper.load();
    expect(paper.sheet.get().draft).toEqual({ a: 9, b: 9 });
  });

  test("tells where it is wrong until that is edited", async () => {
    const kept = new Kept();
    const paper = await opened(kept);
    paper.edit(["a"], -1);
    kept.refusal = new RestError(400, "bad_frame", "", "$.settings.a", "too small");
    expect(await paper.save()).toBe(false);
    expect(paper.sheet.get().problem).toEqual({ path: ["a"], reason: "too small" });
    paper.edit(["a"], 1);
    expect(paper.sheet.get().problem).toBeUndefined();
  });

  test.each([
    ["keepMine", { a: 2, b: 9 }],
    ["takeTheirs", { a: 1, b: 9 }],
  ] as const)("that somebody else has changed: %s", async (choice, expected) => {
    const kept = new Kept();
    const paper = await opened(kept);
    paper.edit(["a"], 2);
    kept.version = 7;
    kept.document = { a: 1, b: 9 };
    expect(await paper.save()).toBe(false);
    expect(paper.sheet.get().conflict?.theirs).toEqual({ a: 1, b: 9 });
    paper[choice]();
    expect(paper.sheet.get().draft).toEqual(expected);
    expect(paper.dirty).toBe(choice === "keepMine");
    expect(!paper.dirty || (await paper.save())).toBe(true);
  });

  test("what is written while it is saved is not lost", async () => {
    const kept = new Kept();
    const paper = await opened(kept);
    paper.edit(["a"], 2);
    const saving = paper.save();
    paper.edit(["b"], 5);
    await saving;
    expect(paper.changes.map((change) => change.path)).toEqual([["b"]]);
  });
});
