import type { EnvelopeLines } from "./envelope-lines.ts";
import { OtlpRecordWriter } from "./otlp-record.ts";
import { LENGTH, tag, WireReader } from "./wire-reader.ts";

/** Fields of opentelemetry-proto's logs service v1 that we read; `otlp-proto.ts` declares them. */
const RESOURCE_LOGS = tag(1, LENGTH);
const RESOURCE = tag(1, LENGTH);
const RESOURCE_ATTRIBUTES = tag(1, LENGTH);
const SCOPE_LOGS = tag(2, LENGTH);
const SCOPE = tag(1, LENGTH);
const SCOPE_NAME = tag(1, LENGTH);
const LOG_RECORDS = tag(2, LENGTH);

/** Rewrites an export request in protobuf as envelope lines, from bytes to bytes. Throws `payload-rejected` when it is none. */
export function readOtlpProtobuf(body: Buffer, lines: EnvelopeLines): void {
  const reader = new WireReader(body);
  const writer = new OtlpRecordWriter(reader, lines);
  each(reader, body.length, RESOURCE_LOGS, (end) => {
    const start = reader.at;
    writer.beginResource();
    // Fields may come in any order: what the records share is read before them.
    each(reader, end, RESOURCE, (resourceEnd) =>
      each(reader, resourceEnd, RESOURCE_ATTRIBUTES, (attributeEnd) => writer.resourceAttribute(attributeEnd)),
    );
    reader.at = start;
    each(reader, end, SCOPE_LOGS, (scopeEnd) => {
      const scopeStart = reader.at;
      writer.beginScope();
      each(reader, scopeEnd, SCOPE, (nameEnd) => each(reader, nameEnd, SCOPE_NAME, (stop) => writer.scopeName(stop)));
      reader.at = scopeStart;
      each(reader, scopeEnd, LOG_RECORDS, (recordEnd) => writer.record(recordEnd));
    });
  });
}

/** Calls `take` at the start of each value of one field in the message from here to `end`; it must read the value whole. */
function each(reader: WireReader, end: number, field: number, take: (valueEnd: number) => void): void {
  while (reader.at < end) {
    const found = reader.varint();
    if (found === field) take(reader.endOf(end));
    else reader.skip(found, end);
  }
  reader.ended(end);
}
