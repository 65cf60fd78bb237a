import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { IcebergError } from "../errors.ts";
import { parseWithLongs, stringifyWithLongs } from "./json-longs.ts";
import { canonicalPrimitive } from "../schema/primitive.ts";
import type { Type } from "../schema/schema.ts";
import type { Snapshot, TableMetadata } from "./table-metadata.ts";

const int = z.number().int();
const id64 = z.union([z.string().regex(/^-?\d+$/), int]).transform((value) => BigInt(value));

const typeSchema: z.ZodType<Type> = z.lazy(() =>
  z.union([
    z.string().transform((text) => canonicalPrimitive(text)),
    z.object({ type: z.literal("struct"), fields: z.array(fieldSchema) }),
    z.object({ type: z.literal("list"), "element-id": int, element: typeSchema, "element-required": z.boolean() }),
    z.object({
      type: z.literal("map"),
      "key-id": int,
      key: typeSchema,
      "value-id": int,
      value: typeSchema,
      "value-required": z.boolean(),
    }),
  ]),
) as z.ZodType<Type>;
const fieldSchema = z.object({
  id: int,
  name: z.string(),
  required: z.boolean(),
  type: typeSchema,
  doc: z.string().optional(),
});

const snapshotSchema = z.object({
  "snapshot-id": id64,
  "parent-snapshot-id": id64.nullish().transform((value) => value ?? undefined),
  "sequence-number": int.default(0),
  "timestamp-ms": int,
  "manifest-list": z.string(),
  summary: z
    .record(z.string(), z.string())
    .refine(
      (summary) => ["append", "replace", "overwrite", "delete"].includes(summary["operation"] ?? ""),
      "needs an operation",
    ),
  "schema-id": int.nullish().transform((value) => value ?? undefined),
});

const metadataSchema = z.looseObject({
  "format-version": z.literal(2),
  "table-uuid": z.string(),
  location: z.string().min(1),
  "last-sequence-number": int,
  "last-updated-ms": int,
  "last-column-id": int,
  schemas: z
    .array(
      z.object({
        type: z.literal("struct"),
        "schema-id": int,
        fields: z.array(fieldSchema),
        "identifier-field-ids": z.array(int).optional(),
      }),
    )
    .min(1),
  "current-schema-id": int,
  "partition-specs": z
    .array(
      z.object({
        "spec-id": int,
        fields: z.array(z.object({ "source-id": int, "field-id": int, name: z.string(), transform: z.string() })),
      }),
    )
    .min(1),
  "default-spec-id": int,
  "last-partition-id": int,
  properties: z.record(z.string(), z.string()).default({}),
  "current-snapshot-id": id64
    .nullish()
    .transform((value) => (value === null || value === undefined || value === -1n ? null : value)),
  snapshots: z.array(snapshotSchema).default([]),
  "snapshot-log": z.array(z.object({ "snapshot-id": id64, "timestamp-ms": int })).default([]),
  "metadata-log": z.array(z.object({ "metadata-file": z.string(), "timestamp-ms": int })).default([]),
  "sort-orders": z
    .array(
      z.object({
        "order-id": int,
        fields: z.array(
          z.object({
            transform: z.string(),
            "source-id": int,
            direction: z.enum(["asc", "desc"]),
            "null-order": z.enum(["nulls-first", "nulls-last"]),
          }),
        ),
      }),
    )
    .min(1),
  "default-sort-order-id": int,
  refs: z
    .record(
      z.string(),
      z.object({
        "snapshot-id": id64,
        type: z.enum(["branch", "tag"]),
        "min-snapshots-to-keep": int.nullish().transform((value) => value ?? undefined),
        "max-snapshot-age-ms": int.nullish().transform((value) => value ?? undefined),
        "max-ref-age-ms": int.nullish().transform((value) => value ?? undefined),
      }),
    )
    .default({}),
});

/** Reads and checks a metadata file (plain or gzip); every failure names the file and the field. */
export function parseMetadata(bytes: Buffer, location: string): TableMetadata {
  let json: unknown;
  try {
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    json = parseWithLongs(plain.toString("utf8"));
  } catch (error) {
    throw invalid(location, `is no readable JSON (${(error as Error).message})`, error);
  }
  return metadataFrom(json, location);
}

function invalid(location: string, problem: string, cause?: unknown): IcebergError {
  return new IcebergError(
    "metadata-invalid",
    `table metadata ${location}: ${problem}; restore the file or point the catalog to its predecessor`,
    { location },
    cause,
  );
}

/** Checks metadata that was parsed with `parseWithLongs`. */
export function metadataFrom(json: unknown, location: string): TableMetadata {
  const fail = (problem: string, cause?: unknown): IcebergError => invalid(location, problem, cause);
  const version = (json as { "format-version"?: unknown } | null)?.["format-version"];
  if (version === 1 || version === 3)
    throw new IcebergError(
      "unsupported-version",
      `table metadata ${location} has format version ${version}; this package reads and writes version 2`,
      { location, version },
    );
  const parsed = metadataSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw fail(`field ${issue?.path.join(".") || "(root)"} is wrong: ${issue?.message}`, parsed.error);
  }
  const known = new Set(Object.keys(metadataSchema.shape));
  const extra = withLongIds(Object.fromEntries(Object.entries(parsed.data).filter(([key]) => !known.has(key))));
  const own = Object.fromEntries(Object.entries(parsed.data).filter(([key]) => known.has(key)));
  const metadata = { ...own, extra } as unknown as TableMetadata;
  const problem = inconsistency(metadata);
  if (problem) throw fail(problem);
  return metadata;
}

/** 64-bit ids in what we only carry along (statistics …) become bigints, so that they are written as numbers again. */
function withLongIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLongIds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key.endsWith("snapshot-id") && typeof one === "string" && /^-?\d+$/.test(one) ? BigInt(one) : withLongIds(one),
    ]),
  );
}

/** What a well-formed but untrue metadata file says, or null. */
function inconsistency(metadata: TableMetadata): string | null {
  const schemaIds = new Set(metadata.schemas.map((schema) => schema["schema-id"]));
  if (!schemaIds.has(metadata["current-schema-id"]))
    return `current-schema-id ${metadata["current-schema-id"]} is not among schemas`;
  if (!metadata["partition-specs"].some((spec) => spec["spec-id"] === metadata["default-spec-id"]))
    return `default-spec-id ${metadata["default-spec-id"]} is not among partition-specs`;
  const parents = new Map(
    metadata.snapshots.map((snapshot) => [snapshot["snapshot-id"], snapshot["parent-snapshot-id"]]),
  );
  const current = metadata["current-snapshot-id"];
  if (current !== null && !parents.has(current)) return `current-snapshot-id ${current} is not among snapshots`;
  for (const [name, ref] of Object.entries(metadata.refs))
    if (!parents.has(ref["snapshot-id"]))
      return `ref ${name} points to snapshot ${ref["snapshot-id"]}, which is not among snapshots`;
  const heads = [current ?? undefined, ...Object.values(metadata.refs).map((ref) => ref["snapshot-id"])];
  for (const head of new Set(heads)) {
    let steps = 0;
    for (let at = head; at !== undefined; at = parents.get(at)) {
      steps += 1;
      if (steps > parents.size + 1) return "the parents of a snapshot form a circle";
    }
  }
  return null;
}

/** Old snapshots are in every metadata file: their text is made once. */
const snapshotText = new WeakMap<Snapshot, string>();

function textOf(snapshot: Snapshot): string {
  let text = snapshotText.get(snapshot);
  if (text === undefined) snapshotText.set(snapshot, (text = stringifyWithLongs(snapshot)));
  return text;
}

/** The metadata file's bytes. */
export function encodeMetadata(metadata: TableMetadata): Buffer {
  const { extra, snapshots, refs, "current-snapshot-id": current, "snapshot-log": log, ...rest } = metadata;
  const parts = [
    stringifyWithLongs({ ...extra, ...rest, refs, "current-snapshot-id": current ?? undefined }).slice(0, -1),
    `,"snapshots":[${snapshots.map(textOf).join(",")}]`,
    `,"snapshot-log":[${log.map((line) => `{"snapshot-id":${line["snapshot-id"]},"timestamp-ms":${line["timestamp-ms"]}}`).join(",")}]}`,
  ];
  return Buffer.from(parts.join(""), "utf8");
}
