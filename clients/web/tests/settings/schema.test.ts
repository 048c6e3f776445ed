import { describe, expect, test } from "vitest";
import {
  type Field,
  type Schemas,
  blank,
  broken,
  fieldAt,
  fieldsOf,
} from "../../desk/settings/form/schema";

const SCHEMAS: Schemas = {
  Settings: {
    properties: {
      check_in: { $ref: "#/components/schemas/CheckIn" },
      sla: { allOf: [{ $ref: "#/components/schemas/Sla" }], description: "Promises." },
    },
  },
  CheckIn: {
    type: "object",
    properties: {
      enabled: { type: "boolean", description: "Whether.", default: true },
      remind_s: { type: "integer", minimum: 5, maximum: 100, default: 30 },
      auto_s: { anyOf: [{ type: "integer" }, { type: "null" }] },
      text: { type: "string", maxLength: 2000, default: "" },
      site_url: { type: "string", maxLength: 2048 },
      kind: { type: ["null", "string"], enum: ["a", "b", null] },
      said: {
        anyOf: [{ type: "string" }, { type: "null" }],
        description: "Said then; null: nothing.",
      },
      tags: { type: "array", items: { anyOf: [{ type: "string" }, {}] }, maxItems: 3 },
    },
  },
  Sla: {
    type: "object",
    properties: {
      policies: {
        type: "array",
        items: { anyOf: [{ $ref: "#/components/schemas/Policy" }, {}] },
      },
    },
  },
  Policy: {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1, maxLength: 8 },
      resolution: { anyOf: [{ type: "integer" }, { type: "null" }] },
    },
  },
};
const FIELDS = fieldsOf(SCHEMAS, SCHEMAS["Settings"] ?? {});

function field(...path: string[]): Field {
  const found = fieldAt(FIELDS, path);
  if (!found) throw new Error(`no field at ${path.join(".")}`);
  return found;
}

describe("fields of a schema", () => {
  test.each([
    ["enabled", { kind: "switch", help: "Whether.", initial: true }],
    ["remind_s", { kind: "number", whole: true, min: 5, max: 100, unit: "s" }],
    ["auto_s", { kind: "number", nullable: true }],
    ["text", { kind: "text", long: true, max: 2000 }],
    ["site_url", { kind: "text", long: false }],
    ["kind", { kind: "choice", options: ["a", "b"], nullable: true }],
    ["said", { kind: "text", long: true, nullable: true }],
    ["tags", { kind: "list", max: 3, item: { kind: "text" } }],
  ])("%s is what it says", (name, expected) => {
    expect(field("check_in", name)).toMatchObject(expected);
  });

  test("of items are behind references and alternatives", () => {
    const policies = field("sla", "policies");
    if (policies.kind !== "list") throw new Error("no list");
    expect(blank(policies.item)).toEqual({ name: "", resolution: null });
    expect(fieldAt(FIELDS, ["sla", "nothing"])).toBeUndefined();
  });

  test("have help of their own before that of what they refer to", () => {
    expect(field("sla").help).toBe("Promises.");
  });
});

describe("bounds", () => {
  test.each([
    [30, undefined],
    [4, "too_small"],
    [101, "too_large"],
    [Number.NaN, "needed"],
    ["", "needed"],
  ])("of a number: %s", (value, expected) => {
    expect(broken(field("check_in", "remind_s"), value)).toBe(expected);
  });

  test("of a text count what people take for letters", () => {
    const policies = field("sla", "policies");
    const item = policies.kind === "list" ? policies.item : undefined;
    const name = item?.kind === "group" ? item.fields[0] : undefined;
    if (!name) throw new Error("no name");
    expect(broken(name, "")).toBe("needed");
    expect(broken(name, "👍".repeat(8))).toBeUndefined();
    expect(broken(name, "👍".repeat(9))).toBe("too_long");
  });

  test("do not hold for nothing, where nothing may be", () => {
    expect(broken(field("check_in", "auto_s"), null)).toBeUndefined();
  });
});
