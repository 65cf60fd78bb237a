import type { JsonBytes } from "./json-bytes.ts";
import { findKeyValue, type Span, STRING, writeValue } from "./otlp-value.ts";
import type { WireReader } from "./wire-reader.ts";

const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * Attributes as they stand in the body: those of the resource, of the scope and of one record at a time behind each other,
 * where the last of one key counts. Keys repeat from record to record: each is read once a batch.
 */
export class AttributeList {
  length = 0;
  private readonly ids: number[] = [];
  private readonly values: Span[] = [];
  private readonly known = new Map<string, number>();
  private readonly keys: Buffer[] = [];
  private readonly names: Buffer[] = [];
  /** By id of the key: where it stands last; -1: nowhere. */
  private readonly lastAt: number[] = [];
  private readonly key: Span = { field: STRING, start: 0, end: 0 };
  private readonly reader: WireReader;

  constructor(reader: WireReader) {
    this.reader = reader;
  }

  /** The number that stands for a key in this batch. */
  idOf(key: string): number {
    return this.known.get(key) ?? this.learn(Buffer.from(key), key);
  }

  /** Reads the KeyValue from here to `end`; returns the number of its key. */
  read(end: number): number {
    const { reader, key, length } = this;
    const value = (this.values[length] ??= { field: 0, start: 0, end: 0 });
    findKeyValue(reader, end, key, value);
    // Most often the same key stood here in the record before.
    let id = this.ids[length] ?? -1;
    if (id < 0 || !same(this.keys[id], reader.bytes, key.start, key.end)) {
      const bytes = reader.bytes.subarray(key.start, key.end);
      const text = bytes.toString("utf8");
      id = this.known.get(text) ?? this.learn(bytes, text);
    }
    this.append(id);
    return id;
  }

  /** Appends a string. */
  add(id: number, start: number, end: number): void {
    this.values[this.length] = { field: STRING, start, end };
    this.append(id);
  }

  /** The value that was read or added last. */
  get last(): Span {
    return this.values[this.length - 1] as Span;
  }

  /** Where a key stands last; -1: nowhere. */
  placeOf(id: number): number {
    return this.lastAt[id] as number;
  }

  /** Forgets what stands from `length` on. */
  cut(length: number): void {
    for (let index = length; index < this.length; index += 1) this.lastAt[this.ids[index] as number] = -1;
    for (let index = 0; index < length; index += 1) this.lastAt[this.ids[index] as number] = index;
    this.length = length;
  }

  /** Writes all as one JSON object. */
  write(json: JsonBytes): void {
    let first = true;
    json.byte(OPEN);
    for (let index = 0; index < this.length; index += 1) {
      const id = this.ids[index] as number;
      if (this.lastAt[id] !== index) continue;
      if (!first) json.byte(COMMA);
      first = false;
      json.raw(this.names[id] as Buffer);
      writeValue(this.reader, this.values[index] as Span, json);
    }
    json.byte(CLOSE);
  }

  private append(id: number): void {
    this.ids[this.length] = id;
    this.lastAt[id] = this.length;
    this.length += 1;
  }

  private learn(bytes: Buffer, text: string): number {
    const id = this.keys.length;
    this.known.set(text, id);
    this.keys.push(bytes);
    this.names.push(Buffer.from(`${JSON.stringify(text)}:`));
    this.lastAt.push(-1);
    return id;
  }
}

function same(key: Buffer | undefined, bytes: Buffer, start: number, end: number): boolean {
  if (key === undefined || key.length !== end - start) return false;
  for (let index = 0; index < key.length; index += 1) if (key[index] !== bytes[start + index]) return false;
  return true;
}
