import { z } from "zod";
import { PlatformError } from "../kernel/index.ts";

const DECIMAL = /^decimal\((\d{1,2}),\s*(\d{1,2})\)$/;
/** Longer texts are no settings. */
const LONGEST_TEXT = 200;
const WHOLE_BOUNDS = { int: 2n ** 31n, long: 2n ** 63n } as const;

/** Iceberg types that a parameter may have. */
const parameterTypeSchema = z
  .string()
  .refine(
    (type) => /^(boolean|int|long|double|date|string)$/.test(type) || decimalOf(type) !== null,
    "must be boolean, int, long, double, decimal(p,s), date or string",
  );

const scalarSchema = z.union(
  [z.string(), z.number(), z.boolean()],
  "must be one value: a text, a number or true or false",
);

/** A parameter of a model's header: a value of its SQL that a backfill may set. Values are texts in their one canonical form. */
export interface ParameterDefinition {
  readonly type: string;
  readonly description: string;
  /** What every refresh takes. */
  readonly default: string;
  readonly min?: string;
  readonly max?: string;
  /** The only values that are allowed. */
  readonly values?: readonly string[];
}
export type ParameterDefinitions = Readonly<Record<string, ParameterDefinition>>;

/** Values by name, in canonical form; those left out are the defaults. */
export type ParameterValues = Readonly<Record<string, string>>;

export const parameterNameSchema = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*$/, "must be a lower-case SQL identifier, e.g. tolerance");

/** One parameter as a header declares it; the default, the bounds and the values are read by its type. */
export const parameterSchema = z
  .strictObject({
    type: parameterTypeSchema,
    default: scalarSchema,
    description: z.string().min(3, "say what the parameter means"),
    min: scalarSchema.optional(),
    max: scalarSchema.optional(),
    values: z.array(scalarSchema).min(1, "must list a value, or be left out").optional(),
  })
  .transform((declared, context): ParameterDefinition => {
    const { type, description } = declared;
    const read = (place: string, value: z.output<typeof scalarSchema>): string => {
      const found = readValue(type, String(value));
      if ("problem" in found) context.addIssue({ code: "custom", path: [place], message: found.problem });
      return "value" in found ? found.value : "";
    };
    if ((type === "string" || type === "boolean") && (declared.min ?? declared.max) !== undefined)
      context.addIssue({ code: "custom", path: ["min"], message: `a ${type} has no min and max; list its values` });
    const definition = {
      type,
      description,
      default: read("default", declared.default),
      ...(declared.min === undefined ? {} : { min: read("min", declared.min) }),
      ...(declared.max === undefined ? {} : { max: read("max", declared.max) }),
      ...(declared.values === undefined ? {} : { values: declared.values.map((value) => read("values", value)) }),
    };
    if (context.issues.length > 0) return definition;
    if (definition.min !== undefined && definition.max !== undefined && order(type, definition.min, definition.max) > 0)
      context.addIssue({ code: "custom", path: ["min"], message: "must not be above max" });
    const refused = outside(definition, definition.default);
    if (refused !== null) context.addIssue({ code: "custom", path: ["default"], message: refused });
    return definition;
  });

/**
 * The values that differ from the defaults, in canonical form: what is set to its default is not set. Throws `invalid-input`
 * that names the parameter and the fix.
 */
export function setParameters(
  model: string,
  definitions: ParameterDefinitions,
  given: Readonly<Record<string, string>>,
): ParameterValues {
  const set: [string, string][] = [];
  for (const [name, text] of Object.entries(given).toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (definition === undefined) {
      const known = Object.keys(definitions).join(", ");
      const has = known === "" ? "it has none" : `it has ${known}`;
      throw new PlatformError("invalid-input", `parameters.${name}: ${model} has no such parameter; ${has}`);
    }
    const checked = checkParameter(definition, text);
    if ("problem" in checked)
      throw new PlatformError("invalid-input", `parameters.${name}: ${checked.problem}, and "${text}" was given`);
    if (checked.value !== definition.default) set.push([name, checked.value]);
  }
  return Object.fromEntries(set);
}

/** A value that somebody gave, in canonical form, or what is wrong with it. */
export function checkParameter(
  definition: ParameterDefinition,
  text: string,
): { readonly value: string } | { readonly problem: string } {
  const read = readValue(definition.type, text);
  if ("problem" in read) return read;
  const problem = outside(definition, read.value);
  return problem === null ? read : { problem };
}

/** `tolerance = 0.05, currency = EUR`. */
export function parametersText(values: ParameterValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${value === "" ? "''" : value}`)
    .join(", ");
}

function outside({ type, min, max, values }: ParameterDefinition, value: string): string | null {
  if (values !== undefined && !values.includes(value)) return `must be one of ${values.join(", ")}`;
  if (min !== undefined && order(type, value, min) < 0) return `must be at least ${min}`;
  return max !== undefined && order(type, value, max) > 0 ? `must be at most ${max}` : null;
}

function readValue(type: string, text: string): { readonly value: string } | { readonly problem: string } {
  const trimmed = text.trim();
  const decimal = decimalOf(type);
  if (decimal !== null) return readDecimal(decimal, trimmed);
  switch (type) {
    case "boolean":
      return trimmed === "true" || trimmed === "false" ? { value: trimmed } : { problem: "must be true or false" };
    case "int":
    case "long":
      return readWhole(WHOLE_BOUNDS[type], trimmed);
    case "double": {
      const number = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : Number.NaN;
      return Number.isFinite(number) ? { value: String(number) } : { problem: "must be a number, e.g. 0.5" };
    }
    case "date": {
      const problem = "must be a day that the calendar has, as YYYY-MM-DD";
      return z.iso.date().safeParse(trimmed).success ? { value: trimmed } : { problem };
    }
    default:
      return readText(text);
  }
}

function readText(text: string): { readonly value: string } | { readonly problem: string } {
  if (text.length > LONGEST_TEXT) return { problem: `must be at most ${LONGEST_TEXT} characters long` };
  return /\p{Cc}/u.test(text) ? { problem: "must be one line without control characters" } : { value: text };
}

function readWhole(bound: bigint, text: string): { readonly value: string } | { readonly problem: string } {
  if (!/^-?\d{1,19}$/.test(text)) return { problem: "must be a whole number" };
  const number = BigInt(text);
  if (number >= bound || number < -bound) return { problem: `must be between ${-bound} and ${bound - 1n}` };
  return { value: String(number) };
}

interface Decimal {
  readonly precision: number;
  readonly scale: number;
}

function readDecimal(
  { precision, scale }: Decimal,
  text: string,
): { readonly value: string } | { readonly problem: string } {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return { problem: "must be a decimal number, e.g. 0.05" };
  const [, sign = "", digits = "", fraction = ""] = match;
  const whole = digits.replace(/^0+(?=\d)/, "");
  const kept = fraction.replace(/0+$/, "");
  if (kept.length > scale) return { problem: `must have at most ${scale} decimal places` };
  if (whole !== "0" && whole.length > precision - scale)
    return { problem: `must have at most ${precision - scale} digits before the point` };
  const value = scale === 0 ? whole : `${whole}.${kept.padEnd(scale, "0")}`;
  return { value: /[1-9]/.test(value) ? `${sign}${value}` : value };
}

function decimalOf(type: string): Decimal | null {
  const match = DECIMAL.exec(type);
  if (match === null) return null;
  const [precision, scale] = [Number(match[1]), Number(match[2])];
  return precision >= 1 && precision <= 38 && scale <= precision ? { precision, scale } : null;
}

/** Below 0: left comes first. Of canonical values. */
function order(type: string, left: string, right: string): number {
  if (type === "double") return Number(left) - Number(right);
  if (type === "date") return left < right ? -1 : Number(left > right);
  // Canonical decimals of one type have the same number of places.
  const [one, other] = [BigInt(left.replace(".", "")), BigInt(right.replace(".", ""))];
  return one < other ? -1 : Number(one > other);
}
