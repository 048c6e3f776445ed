/** Fields of a form, made of the JSON schema that the broker describes itself with. */

export interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  items?: Schema;
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  enum?: readonly (string | null)[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  description?: string;
  default?: unknown;
  additionalProperties?: Schema | boolean;
}

export type Schemas = Readonly<Record<string, Schema>>;

interface Common {
  name: string;
  /** What the schema says of it, in English. */
  help: string;
  /** Whether it may be nothing at all. */
  nullable: boolean;
  initial: unknown;
}

export type Field = Common &
  (
    | { kind: "switch" }
    | { kind: "choice"; options: readonly string[] }
    | { kind: "number"; whole: boolean; min?: number; max?: number; unit: Unit }
    | { kind: "text"; long: boolean; min: number; max?: number }
    | { kind: "list"; item: Field; max?: number }
    | { kind: "group"; fields: readonly Field[] }
    | { kind: "other" }
  );

export type Unit = "" | "s" | "min";
export type Bound = "needed" | "too_small" | "too_large" | "too_short" | "too_long";

/** Texts that may be longer than this get more than one line. */
const ONE_LINE = 512;
/** Spans of the promises say nothing of their unit. */
const SPANS = new Set(["first_response", "next_response", "resolution"]);

/** Returns the field of a schema called `name`. */
export function fieldOf(schemas: Schemas, named: Schema, name: string): Field {
  const { schema, nullable, help, initial } = plain(schemas, named);
  const common = { name, help, nullable, initial };
  const options = schema.enum?.filter((option) => option !== null);
  if (options) return { ...common, kind: "choice", options };
  switch (typeOf(schema)) {
    case "boolean":
      return { ...common, kind: "switch" };
    case "integer":
    case "number":
      return {
        ...common,
        kind: "number",
        whole: typeOf(schema) === "integer",
        ...kept({ min: schema.minimum, max: schema.maximum }),
        unit: unitOf(name),
      };
    case "string":
      return {
        ...common,
        kind: "text",
        long: isLong(schema, name, help),
        min: schema.minLength ?? 0,
        ...kept({ max: schema.maxLength }),
      };
    case "array":
      return {
        ...common,
        kind: "list",
        item: fieldOf(schemas, schema.items ?? {}, name),
        ...kept({ max: schema.maxItems }),
      };
    case "object":
      if (!schema.properties) return { ...common, kind: "other" };
      return { ...common, kind: "group", fields: fieldsOf(schemas, schema) };
    default:
      return { ...common, kind: "other" };
  }
}

/** Returns the fields of an object, in the order of the schema. */
export function fieldsOf(schemas: Schemas, schema: Schema): readonly Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, inner]) =>
    fieldOf(schemas, inner, name),
  );
}

/** Returns the field at a path of names, within groups. */
export function fieldAt(
  fields: readonly Field[],
  path: readonly string[],
): Field | undefined {
  const [name, ...rest] = path;
  const found = fields.find((field) => field.name === name);
  if (!found || rest.length === 0) return found;
  return found.kind === "group" ? fieldAt(found.fields, rest) : undefined;
}

/** Returns what a new one begins with. */
export function blank(field: Field): unknown {
  if (field.initial !== undefined) return field.initial;
  if (field.nullable) return null;
  switch (field.kind) {
    case "switch":
      return false;
    case "choice":
      return field.options[0];
    case "number":
      return field.min ?? 0;
    case "text":
      return "";
    case "list":
      return [];
    case "group":
      return Object.fromEntries(
        field.fields.map((inner) => [inner.name, blank(inner)]),
      );
    case "other":
      return {};
  }
}

/** Returns which bound a value does not keep, of those that a schema knows. */
export function broken(field: Field, value: unknown): Bound | undefined {
  if (value === null && field.nullable) return undefined;
  if (field.kind === "number") {
    if (typeof value !== "number" || Number.isNaN(value)) return "needed";
    if (field.min !== undefined && value < field.min) return "too_small";
    if (field.max !== undefined && value > field.max) return "too_large";
  }
  if (field.kind === "text" && typeof value === "string") {
    // As the broker counts: by characters, not by halves of them.
    const { length } = [...value];
    if (length < field.min) return length === 0 ? "needed" : "too_short";
    if (field.max !== undefined && length > field.max) return "too_long";
  }
  return undefined;
}

interface Plain {
  schema: Schema;
  nullable: boolean;
  help: string;
  initial: unknown;
}

/** Follows references, and takes `null` out of what may be null. */
function plain(schemas: Schemas, named: Schema): Plain {
  let schema = named;
  let nullable = false;
  let help = named.description ?? "";
  const initial = named.default;
  for (;;) {
    const { $ref, anyOf, allOf } = schema;
    if (isNullable(schema)) nullable = true;
    const one = allOf?.[0] ?? anyOf?.find((each) => !isNothing(each));
    if ($ref !== undefined) schema = schemas[$ref.split("/").at(-1) ?? ""] ?? {};
    // Bounds may stand beside the alternatives, rather than in them.
    else if (one) schema = { ...bounds(schema), ...one };
    else break;
    help ||= schema.description ?? "";
  }
  return { schema, nullable, help, initial };
}

function isNullable({ anyOf, type }: Schema): boolean {
  return (
    (anyOf ?? []).some((each) => each.type === "null") ||
    (Array.isArray(type) && type.includes("null"))
  );
}

/** `{}` beside an alternative says nothing. */
function isNothing(schema: Schema): boolean {
  return schema.type === "null" || Object.keys(schema).length === 0;
}

function bounds({ minimum, maximum, minLength, maxLength, maxItems }: Schema): Schema {
  return kept({ minimum, maximum, minLength, maxLength, maxItems });
}

function typeOf({ type }: Schema): string | undefined {
  return typeof type === "string" ? type : type?.find((each) => each !== "null");
}

function unitOf(name: string): Unit {
  if (name.endsWith("_s") || SPANS.has(name)) return "s";
  return name.endsWith("_min") ? "min" : "";
}

/** Bounds of what may be null are not in the schema: what is said to shoppers is long. */
function isLong({ maxLength = 0 }: Schema, name: string, help: string): boolean {
  if (name.endsWith("url")) return false;
  return maxLength > ONE_LINE || /^said\b|template/iu.test(help);
}

type Kept<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Returns what of it is there. */
function kept<T extends object>(values: T): Kept<T> {
  const there = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as Kept<T>;
}
