import { AttributeList } from "./attribute-list.ts";
import type { EnvelopeLines } from "./envelope-lines.ts";
import { IsoTimes, UnixNano } from "./iso-times.ts";
import { levelOf, messageOf, UNKNOWN_SERVICE } from "./otlp-meaning.ts";
import { findValue, plainValue, type Span, STRING } from "./otlp-value.ts";
import { FIXED64, LENGTH, tag, VARINT, type WireReader } from "./wire-reader.ts";

/** Fields of a LogRecord; `otlp-proto.ts` declares them. */
const TIME = tag(1, FIXED64);
const SEVERITY_NUMBER = tag(2, VARINT);
const SEVERITY_TEXT = tag(3, LENGTH);
const BODY = tag(5, LENGTH);
const ATTRIBUTES = tag(6, LENGTH);
const TRACE_ID = tag(9, LENGTH);
const SPAN_ID = tag(10, LENGTH);
const OBSERVED_TIME = tag(11, FIXED64);
const EVENT_NAME = tag(12, LENGTH);

const TS = Buffer.from('{"ts":');
const SERVICE = Buffer.from(',"service":');
const LEVEL = Buffer.from(',"level":');
const MESSAGE = Buffer.from(',"message":');
const ATTRIBUTES_NAME = Buffer.from(',"attributes":');
const TRACE_ID_NAME = Buffer.from(',"trace_id":');
const SPAN_ID_NAME = Buffer.from(',"span_id":');

const UNKNOWN = Buffer.from(JSON.stringify(UNKNOWN_SERVICE));
/** By severity number, from 1 on. */
const LEVELS = [undefined, ...Array.from({ length: 24 }, (_, index) => Buffer.from(`"${levelOf(null, index + 1)}"`))];

const NULL = Buffer.from("null");
const CLOSE = 0x7d;

/** Where something stands in the body; empty when it was left out. */
interface Range {
  start: number;
  end: number;
}
const range = (): Range => ({ start: 0, end: 0 });

/** Writes log records as envelope lines, each with the attributes of its resource and scope. */
export class OtlpRecordWriter {
  private readonly attributes: AttributeList;
  private readonly serviceNameId: number;
  private readonly scopeNameId: number;
  private readonly eventNameId: number;
  private service = UNKNOWN;
  /** How many attributes stand in the list before those of a scope, of a record. */
  private ofResource = 0;
  private ofScope = 0;

  private readonly severityText = range();
  private readonly traceId = range();
  private readonly spanId = range();
  private readonly eventName = range();
  private readonly body: Span = { field: 0, start: 0, end: 0 };
  private severity = 0;
  private readonly time = new UnixNano();
  private readonly observed = new UnixNano();
  private readonly times = new IsoTimes();
  private readonly reader: WireReader;
  private readonly lines: EnvelopeLines;

  constructor(reader: WireReader, lines: EnvelopeLines) {
    this.reader = reader;
    this.lines = lines;
    this.attributes = new AttributeList(reader);
    this.serviceNameId = this.attributes.idOf("service.name");
    this.scopeNameId = this.attributes.idOf("otel.scope.name");
    this.eventNameId = this.attributes.idOf("event.name");
  }

  beginResource(): void {
    this.attributes.cut((this.ofResource = 0));
    this.service = UNKNOWN;
  }

  resourceAttribute(end: number): void {
    const { attributes, ofResource } = this;
    if (attributes.read(end) === this.serviceNameId) {
      const name = plainValue(this.reader, attributes.last, 0);
      this.service = typeof name === "string" && name !== "" ? Buffer.from(JSON.stringify(name)) : UNKNOWN;
      attributes.cut(ofResource);
      this.reader.at = end;
    } else this.ofResource += 1;
  }

  beginScope(): void {
    this.attributes.cut((this.ofScope = this.ofResource));
  }

  scopeName(end: number): void {
    const { attributes, reader, ofResource } = this;
    attributes.cut(ofResource);
    if (reader.at < end) attributes.add(this.scopeNameId, reader.at, end);
    this.ofScope = attributes.length;
    reader.at = end;
  }

  /** Reads the LogRecord from here to `end` and writes its line. */
  record(end: number): void {
    const { reader, attributes, eventName } = this;
    attributes.cut(this.ofScope);
    this.forget();
    while (reader.at < end) this.field(reader.varint(), end);
    reader.ended(end);
    // An attribute of that key says more than the name of the event.
    if (eventName.end > eventName.start && attributes.placeOf(this.eventNameId) < this.ofScope)
      attributes.add(this.eventNameId, eventName.start, eventName.end);
    this.write();
    reader.at = end;
  }

  private field(found: number, end: number): void {
    const { reader } = this;
    switch (found) {
      case TIME:
        return this.time.read(reader);
      case OBSERVED_TIME:
        return this.observed.read(reader);
      case SEVERITY_NUMBER:
        this.severity = reader.varint() | 0;
        return;
      case SEVERITY_TEXT:
        return this.range(this.severityText, end);
      case BODY:
        return findValue(reader, reader.endOf(end), this.body);
      case ATTRIBUTES:
        this.attributes.read(reader.endOf(end));
        return;
      case TRACE_ID:
        return this.range(this.traceId, end);
      case SPAN_ID:
        return this.range(this.spanId, end);
      case EVENT_NAME:
        return this.range(this.eventName, end);
      default:
        return reader.skip(found, end);
    }
  }

  private range(into: Range, limit: number): void {
    into.end = this.reader.endOf(limit);
    into.start = this.reader.at;
    this.reader.at = into.end;
  }

  private forget(): void {
    for (const each of [this.severityText, this.traceId, this.spanId, this.eventName]) each.start = each.end = 0;
    this.body.field = 0;
    this.severity = 0;
    this.time.clear();
    this.observed.clear();
  }

  private write(): void {
    const { reader, lines, service, body } = this;
    const { json } = lines;
    lines.begin();
    json.raw(TS);
    const tsStart = json.length;
    this.times.write(this.time.known ? this.time : this.observed, json);
    const tsEnd = json.length;
    json.raw(SERVICE);
    json.raw(service);
    json.raw(LEVEL);
    json.raw(this.level());
    json.raw(MESSAGE);
    if (body.field === STRING) json.string(reader.bytes, body.start, body.end);
    else json.value(messageOf(plainValue(reader, body, 0)));
    json.raw(ATTRIBUTES_NAME);
    this.attributes.write(json);
    json.raw(TRACE_ID_NAME);
    this.id(this.traceId);
    json.raw(SPAN_ID_NAME);
    this.id(this.spanId);
    json.byte(CLOSE);
    lines.end(tsStart, tsEnd);
  }

  private level(): Buffer {
    const { start, end } = this.severityText;
    return (
      LEVELS[this.severity] ??
      Buffer.from(JSON.stringify(levelOf(this.reader.bytes.toString("utf8", start, end), null)))
    );
  }

  private id({ start, end }: Range): void {
    const { json } = this.lines;
    if (end > start) json.hex(this.reader.bytes, start, end);
    else json.raw(NULL);
  }
}
