import { FIXED64, LENGTH, MAX_DEPTH, notProtobuf, tag, VARINT, type WireReader } from "./wire-reader.ts";
import type { JsonBytes } from "./json-bytes.ts";

/** Fields of AnyValue, all of one `oneof`. */
export const STRING = 1;
const BOOL = 2;
const INT = 3;
const DOUBLE = 4;
const ARRAY = 5;
const KVLIST = 6;
const BYTES = 7;
const WIRE_TYPE = [0, LENGTH, VARINT, VARINT, FIXED64, LENGTH, LENGTH, LENGTH];

const KEY = tag(1, LENGTH);
const VALUE = tag(2, LENGTH);
/** The only field of ArrayValue and of KeyValueList. */
const VALUES = tag(1, LENGTH);

/** Where a value stands in the body, not read yet: its field of AnyValue (0: none is set) and the bytes of it. */
export interface Span {
  field: number;
  start: number;
  end: number;
}

/** Finds the value in the AnyValue that goes from here to `end`; as in any `oneof`, the last field counts. */
export function findValue(reader: WireReader, end: number, into: Span): void {
  into.field = 0;
  while (reader.at < end) {
    const found = reader.varint();
    const field = found >>> 3;
    if (field === 0 || field > BYTES || (found & 7) !== WIRE_TYPE[field]) {
      reader.skip(found, end);
      continue;
    }
    into.field = field;
    if ((found & 7) === LENGTH) {
      into.end = reader.endOf(end);
      into.start = reader.at;
      reader.at = into.end;
    } else {
      into.start = reader.at;
      reader.skip(found, end);
      into.end = reader.at;
    }
  }
  reader.ended(end);
}

/** Finds key and value of the KeyValue that goes from here to `end`; the key is empty when it is left out. */
export function findKeyValue(reader: WireReader, end: number, key: Span, value: Span): void {
  key.start = key.end = reader.at;
  value.field = 0;
  while (reader.at < end) {
    const found = reader.varint();
    if (found === KEY) {
      key.end = reader.endOf(end);
      key.start = reader.at;
      reader.at = key.end;
    } else if (found === VALUE) findValue(reader, reader.endOf(end), value);
    else reader.skip(found, end);
  }
  reader.ended(end);
}

/** Writes a value as JSON. Integers beyond 2^53 and numbers that JSON does not know become strings. */
export function writeValue(reader: WireReader, span: Span, json: JsonBytes): void {
  if (span.field === STRING) return json.string(reader.bytes, span.start, span.end);
  const value = plainValue(reader, span, 0);
  if (typeof value === "number") json.ascii(String(value));
  else json.value(value);
}

/** The value as JavaScript has it. */
export function plainValue(reader: WireReader, { field, start, end }: Span, depth: number): unknown {
  if (depth > MAX_DEPTH) throw notProtobuf("nested too deep");
  reader.at = start;
  switch (field) {
    case STRING:
      return reader.bytes.toString("utf8", start, end);
    case BOOL:
      return reader.int64() !== 0;
    case INT:
      return reader.int64();
    case DOUBLE: {
      const value = reader.bytes.readDoubleLE(start);
      return Number.isFinite(value) ? value : String(value);
    }
    case BYTES:
      return reader.bytes.toString("base64", start, end);
    case ARRAY:
      return plainArray(reader, end, depth);
    case KVLIST:
      return plainObject(reader, end, depth);
    default:
      return null;
  }
}

function plainArray(reader: WireReader, end: number, depth: number): unknown[] {
  const values: unknown[] = [];
  eachOf(reader, end, (valueEnd) => {
    const span = { field: 0, start: 0, end: 0 };
    findValue(reader, valueEnd, span);
    values.push(plainValue(reader, span, depth + 1));
  });
  return values;
}

function plainObject(reader: WireReader, end: number, depth: number): Record<string, unknown> {
  const values = new Map<string, unknown>();
  eachOf(reader, end, (valueEnd) => {
    const key = { field: STRING, start: 0, end: 0 };
    const span = { field: 0, start: 0, end: 0 };
    findKeyValue(reader, valueEnd, key, span);
    values.set(reader.bytes.toString("utf8", key.start, key.end), plainValue(reader, span, depth + 1));
  });
  return Object.fromEntries(values);
}

function eachOf(reader: WireReader, end: number, take: (valueEnd: number) => void): void {
  while (reader.at < end) {
    const found = reader.varint();
    if (found !== VALUES) {
      reader.skip(found, end);
      continue;
    }
    const valueEnd = reader.endOf(end);
    take(valueEnd);
    reader.at = valueEnd;
  }
  reader.ended(end);
}
