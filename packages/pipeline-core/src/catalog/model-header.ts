import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { gateSchema } from "./gate.ts";
import { DATASET_KINDS, type DatasetKind, datasetNameSchema, PII_TAGS } from "./model.ts";
import { parameterNameSchema, parameterSchema } from "./parameters.ts";
import { scheduledLag, scheduleSchema } from "./schedule.ts";

const IDENTIFIER = z.string().regex(/^[a-z_][a-z0-9_]*$/, "must be a lower-case SQL identifier, e.g. order_id");
const ICEBERG_TYPE = z
  .string()
  .regex(
    /^(boolean|int|long|float|double|decimal\(\d{1,2},\s*\d{1,2}\)|date|time|timestamp|timestamptz|string|uuid|binary)$/,
    "must be an Iceberg type, e.g. long, decimal(12,2), timestamptz or string",
  );
const ONE_OR_MORE = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((value) => (typeof value === "string" ? [value] : value));
/** Longer than this a step is hung, or should be several. */
const LONGEST_STEP = 24 * 3_600;

/** How many runs a backfill makes of a range of days. */
export const BACKFILL_RUNS = ["per_day", "per_range"] as const;
export type BackfillRuns = (typeof BACKFILL_RUNS)[number];

/** Kinds whose rows are recomputed by key. */
const KEYED: ReadonlySet<DatasetKind> = new Set(["merge", "partitioned"]);

/** How a change of an input leads to the rows of the model that it concerns. */
export const modelInputSchema = z.strictObject({
  /** One expression over the input's columns per refresh key column; also narrows the input when a few keys are recomputed. */
  key: ONE_OR_MORE.optional(),
  /** A query over `changed` (the input's changed rows) and the model's inputs that returns the refresh key columns. */
  via: z.string().min(1).optional(),
  /** Only read, never followed: a change here alone recomputes nothing. */
  lookup: z.literal(true).optional(),
  /** Narrows the input when a few keys are recomputed; may refer to inputs listed before it and to `affected`. */
  filter: z.string().min(1).optional(),
  /** Time column that bounds the rows of a refresh key, and the width of a slice: files outside are not opened. */
  range: z.strictObject({ column: IDENTIFIER, grain: z.enum(["5m", "hour", "day"]) }).optional(),
});

export const modelColumnSchema = z.strictObject({
  type: ICEBERG_TYPE,
  description: z.string().min(3, "say what the column means"),
  pii: z.enum(PII_TAGS).default("none"),
  required: z.boolean().default(false),
});

export const modelCheckSchema = z.union([
  z.strictObject({
    null_rate: z.strictObject({
      column: IDENTIFIER,
      max: z.number().min(0).max(1),
      severity: z.enum(["error", "warning"]).default("error"),
    }),
  }),
  z.strictObject({
    row_count: z.strictObject({
      min: z.number().int().min(0),
      severity: z.enum(["error", "warning"]).default("error"),
    }),
  }),
  z.strictObject({
    sql: z.strictObject({
      name: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be kebab-case"),
      /** Trino query over the model's own dataset returning one number: how many rows break the rule. */
      query: z.string().min(1),
      max: z.number().min(0).default(0),
      severity: z.enum(["error", "warning"]).default("error"),
      description: z.string().min(3),
    }),
  }),
]);

/** The YAML header of a model file. Names are checked against each other: keys must be columns, checks must name columns. */
export const modelHeaderSchema = z
  .strictObject({
    description: z.string().min(10, "say in a sentence what the dataset is for"),
    owner: z.string().min(1),
    pipeline: IDENTIFIER,
    kind: z.enum(DATASET_KINDS),
    key: ONE_OR_MORE.optional(),
    /** Columns of the result by which rows are recomputed together; the key itself unless given (a day of a daily mart). */
    refresh_key: ONE_OR_MORE.optional(),
    /** How old it may be. With a schedule it may be left out: then what the schedule gives. */
    target_lag: durationSchema.optional(),
    /** Refreshed by the calendar, in place of as often as the target lag asks for. */
    schedule: scheduleSchema.optional(),
    /** Waits for late inputs, for a while. */
    gate: gateSchema.optional(),
    /** At most as many steps at once as the pool of that name has places. */
    pool: IDENTIFIER.optional(),
    /** Further tries of a step whose failure may pass by itself. */
    retries: z
      .number()
      .int()
      .min(0)
      .max(10, "must be at most 10: a step that fails so often waits for a person")
      .default(2),
    /** An attempt of a step that takes longer is interrupted; seconds. What steps without a model have, unless given. */
    timeout: durationSchema
      .refine((seconds) => seconds > 0 && seconds <= LONGEST_STEP, "must be more than 0s and at most 24h")
      .optional(),
    /** Values of its SQL, read as `param('name')`, that a backfill may set; a refresh takes the defaults. */
    parameters: z.record(parameterNameSchema, parameterSchema).default({}),
    /** How a backfill is cut unless it says otherwise: a run for each day, or for each range of days. */
    backfill: z.strictObject({ runs: z.enum(BACKFILL_RUNS, `must be one of ${BACKFILL_RUNS.join(", ")}`) }).optional(),
    partition: z.strictObject({ column: IDENTIFIER, transform: z.enum(["hour", "day", "month"]) }).optional(),
    inputs: z
      .record(datasetNameSchema, modelInputSchema)
      .refine((inputs) => Object.keys(inputs).length > 0, "needs at least one input"),
    columns: z
      .record(IDENTIFIER, modelColumnSchema)
      .refine((columns) => Object.keys(columns).length > 0, "needs at least one column"),
    checks: z.array(modelCheckSchema).default([]),
  })
  .superRefine((header, context) => {
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    if (header.target_lag === undefined && header.schedule === undefined)
      complain(["target_lag"], "say how old the dataset may be, or give it a schedule");
    if (header.kind !== "append" && header.key === undefined) complain(["key"], `a ${header.kind} model needs a key`);
    if (header.gate?.through === "tick" && header.schedule === undefined)
      complain(["gate", "through"], "tick is that of a schedule, and there is none; say hour or day");
    for (const input of header.gate?.inputs ?? [])
      if (header.inputs[input] === undefined) complain(["gate", "inputs"], `${input} is not among the inputs`);
    if (header.gate?.check?.per === "day" && dayColumn(header) === null)
      complain(
        ["gate", "check", "per"],
        "day is for models of kind partitioned that are refreshed by one column of type date",
      );
    for (const column of header.key ?? []) {
      if (header.columns[column] === undefined) complain(["key"], `key column ${column} is not among the columns`);
    }
    for (const column of header.refresh_key ?? []) {
      if (header.columns[column] === undefined)
        complain(["refresh_key"], `refresh key column ${column} is not among the columns`);
    }
    if (header.kind === "append" && Object.keys(header.inputs).length !== 1)
      complain(["inputs"], "an append model reads the new rows of exactly one input");
    const width = (header.refresh_key ?? header.key ?? []).length;
    for (const [name, input] of Object.entries(header.inputs)) {
      const ways = [input.key, input.via, input.lookup].filter((way) => way !== undefined).length;
      if (KEYED.has(header.kind) ? ways !== 1 : ways > 0) {
        complain(
          ["inputs", name],
          KEYED.has(header.kind)
            ? "say exactly one of key, via or lookup: how does a change of this input lead to the model's rows?"
            : `a ${header.kind} model follows its inputs as a whole; leave key, via and lookup out`,
        );
      }
      if (KEYED.has(header.kind) && input.key !== undefined && input.key.length !== width) {
        complain(
          ["inputs", name, "key"],
          `gives ${input.key.length} expressions, the refresh key has ${width} columns`,
        );
      }
    }
    header.checks.forEach((check, index) => {
      if ("null_rate" in check && header.columns[check.null_rate.column] === undefined) {
        complain(["checks", index, "null_rate", "column"], `${check.null_rate.column} is not among the columns`);
      }
    });
  })
  .transform(({ target_lag, ...header }) => ({
    ...header,
    target_lag: target_lag ?? (header.schedule === undefined ? 0 : scheduledLag(header.schedule)),
  }));

/** The column that holds the day of a model whose days are replaced as a whole; null for any other. */
export function dayColumn(header: {
  readonly kind: DatasetKind;
  readonly key?: readonly string[] | undefined;
  readonly refresh_key?: readonly string[] | undefined;
  readonly columns: Readonly<Record<string, { readonly type: string }>>;
}): string | null {
  const [column = "", ...more] = header.refresh_key ?? header.key ?? [];
  const fits = header.kind === "partitioned" && more.length === 0 && header.columns[column]?.type === "date";
  return fits ? column : null;
}

export type ModelHeader = z.output<typeof modelHeaderSchema>;
export type ModelInput = z.output<typeof modelInputSchema>;

/** A model as its file says it: header and Trino SQL. */
export interface ModelFile {
  readonly name: string;
  /** Path inside packages/novaretail. */
  readonly path: string;
  readonly header: ModelHeader;
  /** Trino SQL, as Athena runs it. */
  readonly sql: string;
  /** Line of the file on which the SQL begins. */
  readonly sqlLine: number;
  /** Hash of the file's text, defaults of its parameters included: what the dataset was built with. */
  readonly codeVersion: string;
}

/** Steps of models that name the pool share its places, whatever pipeline or run they belong to. */
export interface PoolDefinition {
  readonly name: string;
  /** Steps at once. */
  readonly size: number;
  /** What it protects. */
  readonly description: string;
}

/** A model file as read from disk, before its header is judged. */
export interface ModelSource {
  readonly name: string;
  readonly path: string;
  readonly header: unknown;
  readonly sql: string;
  readonly sqlLine: number;
  readonly codeVersion: string;
  /** Line in the file of a place in the header; the header's first line when the place is not there. */
  readonly lineOf: (place: readonly (string | number)[]) => number;
  /** Column in that line, from 1. */
  readonly columnOf: (place: readonly (string | number)[]) => number;
}

export interface ModelProblem {
  readonly path: string;
  readonly line: number;
  readonly column?: number;
  readonly message: string;
}

/** Judges a model file's header: the model, or every problem with its line. `pools`: those that it may name. */
export function parseModel(
  source: ModelSource,
  pools: readonly PoolDefinition[] = [],
): { readonly model: ModelFile } | { readonly problems: readonly ModelProblem[] } {
  const parsed = modelHeaderSchema.safeParse(source.header);
  if (parsed.success) {
    const { pool } = parsed.data;
    if (pool !== undefined && !pools.some((one) => one.name === pool)) {
      const known = pools.map((one) => one.name).join(", ");
      const message = `pool: there is no pool ${pool}; ${known === "" ? "none is declared" : `there are ${known}`}`;
      return { problems: [{ path: source.path, line: source.lineOf(["pool"]), message }] };
    }
    const { name, path, sql, sqlLine, codeVersion } = source;
    return { model: { name, path, sql, sqlLine, codeVersion, header: parsed.data } };
  }
  return {
    problems: parsed.error.issues.map((issue) => {
      const place = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
      return {
        path: source.path,
        line: source.lineOf(place),
        column: source.columnOf(place),
        message: `${place.join(".") || "header"}: ${issue.message}`,
      };
    }),
  };
}
