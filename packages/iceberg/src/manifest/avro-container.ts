import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import avro from "avsc";
import { IcebergError } from "../errors.ts";

const MAGIC = Buffer.from("Obj\u0001", "latin1");
const HEADER = avro.Type.forSchema({
  type: "record",
  name: "Header",
  fields: [
    { name: "magic", type: { type: "fixed", name: "Magic", size: 4 } },
    { name: "meta", type: { type: "map", values: "bytes" } },
    { name: "sync", type: { type: "fixed", name: "Sync", size: 16 } },
  ],
});

/** 64-bit longs: a number where that is exact, a bigint beyond (snapshot ids). Both are accepted for writing. */
export const LONG = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => {
    const high = bytes.readInt32LE(4);
    if (high >= -0x200000 && high < 0x200000) return high * 0x100000000 + bytes.readUInt32LE(0);
    return bytes.readBigInt64LE();
  },
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: BigInt as (value: unknown) => unknown,
  toJSON: Number as (value: unknown) => unknown,
  isValid: (value: unknown) => typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value)),
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
} as never);

const compiled = new Map<string, avro.Type>();

/**
 * Compiles a schema once per distinct text. Logical types are ignored: we work on the raw forms. Only fields that can
 * exceed 2^53 get the exact but slower 64-bit type; counts and sizes are plain numbers.
 */
export function avroType(schema: unknown): avro.Type {
  const text = JSON.stringify(schema);
  let type = compiled.get(text);
  if (!type) {
    type = avro.Type.forSchema(withExactLongs(schema, false) as avro.Schema, { wrapUnions: "never" });
    if (compiled.size >= 256) compiled.clear(); // hostile input must not grow this without bound
    compiled.set(text, type);
  }
  return type;
}

/** Snapshot ids (fields 1 and 503) and partition values (ids from 1000). */
const isExact = (id: number): boolean => id === 1 || id === 503 || id >= 1000;

function withExactLongs(schema: unknown, exact: boolean): unknown {
  if (schema === "long") return exact ? LONG : schema;
  if (Array.isArray(schema)) return schema.map((branch) => withExactLongs(branch, exact));
  if (typeof schema !== "object" || schema === null) return schema;
  const node = schema as { type?: unknown; fields?: Record<string, unknown>[]; items?: unknown; default?: unknown };
  if (node.fields)
    return {
      ...node,
      fields: node.fields.map((field) => {
        const { default: _unused, ...rest } = field; // every field is given when writing, and the writer's when reading
        return { ...rest, type: withExactLongs(field["type"], isExact(fieldIdOf(field))) };
      }),
    };
  if (node.items !== undefined) return { ...node, items: withExactLongs(node.items, exact) };
  if (node.type === "long") return exact ? LONG : node;
  return typeof node.type === "object" ? { ...node, type: withExactLongs(node.type, exact) } : node;
}

/** The id an Avro field declares, or that its name carries after `byFieldId`. */
function fieldIdOf(field: Record<string, unknown>): number {
  const declared = field["field-id"];
  return typeof declared === "number" ? declared : Number(/^f(\d+)$/.exec(String(field["name"]))?.[1] ?? -1);
}

/** Writes an Avro object container (deflate) with our key-values in its header. One block: manifests are small. */
export function writeContainer(
  type: avro.Type,
  schema: unknown,
  meta: Record<string, string>,
  records: readonly unknown[],
): Buffer {
  const sync = randomBytes(16);
  const header = HEADER.toBuffer({
    magic: MAGIC,
    meta: Object.fromEntries(
      Object.entries({ ...meta, "avro.schema": JSON.stringify(schema), "avro.codec": "deflate" }).map(
        ([key, value]) => [key, Buffer.from(value, "utf8")],
      ),
    ),
    sync,
  });
  if (records.length === 0) return header;
  const body = deflateRawSync(Buffer.concat(records.map((record) => type.toBuffer(record))), { level: 1 });
  return Buffer.concat([header, varint(records.length), varint(body.length), body, sync]);
}

/** A container's key-values and its records, decoded with the writer's schema after `adapt` renamed its fields. */
export function readContainer(
  bytes: Buffer,
  location: string,
  adapt: (schema: unknown) => unknown,
): { meta: Record<string, string>; records: Record<string, unknown>[] } {
  try {
    const head = HEADER.decode(bytes, 0) as unknown as {
      value: { magic: Buffer; meta: Record<string, Buffer>; sync: Buffer };
      offset: number;
    };
    if (head.offset < 0 || !head.value.magic.equals(MAGIC)) throw new Error("not an Avro object container");
    const meta = Object.fromEntries(
      Object.entries(head.value.meta).map(([key, value]) => [key, value.toString("utf8")]),
    );
    const schemaText = meta["avro.schema"];
    if (schemaText === undefined) throw new Error("the header has no avro.schema");
    const type = avroType(adapt(JSON.parse(schemaText)));
    const records: Record<string, unknown>[] = [];
    let offset = head.offset;
    while (offset < bytes.length) {
      const count = unvarint(bytes, offset);
      const size = unvarint(bytes, count.next);
      const end = size.next + size.value;
      if (size.value < 0 || end + 16 > bytes.length || !bytes.subarray(end, end + 16).equals(head.value.sync))
        throw new Error("a block is cut off or damaged");
      readBlock(type, inflate(bytes.subarray(size.next, end), meta["avro.codec"]), count.value, records);
      offset = end + 16;
    }
    return { meta, records };
  } catch (error) {
    if (error instanceof IcebergError) throw error;
    throw new IcebergError(
      "manifest-invalid",
      `${location} is no readable Avro file: ${(error as Error).message}; restore it or roll back to an older snapshot`,
      { location },
      error,
    );
  }
}

function readBlock(type: avro.Type, block: Buffer, count: number, into: Record<string, unknown>[]): void {
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const decoded = type.decode(block, at) as unknown as { value: Record<string, unknown>; offset: number };
    if (decoded.offset < 0) throw new Error("a block holds fewer records than it says");
    into.push(decoded.value);
    at = decoded.offset;
  }
}

function inflate(block: Buffer, codec = "null"): Buffer {
  if (codec === "null") return block;
  if (codec === "deflate") return inflateRawSync(block);
  throw new IcebergError(
    "unsupported-feature",
    `Avro codec ${codec} is not supported; rewrite the manifests with deflate`,
    { codec },
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value) * 2n; // zigzag of a non-negative number
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

function unvarint(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0n;
  for (let at = start, shift = 0n; at < bytes.length && shift < 70n; at += 1, shift += 7n) {
    const byte = bytes[at] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value: Number((value >> 1n) ^ -(value & 1n)), next: at + 1 };
  }
  throw new Error("a block header is cut off");
}
