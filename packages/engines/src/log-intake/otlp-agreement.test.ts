import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { encodeOtlpRequest, otlpLines, type OtlpRequest, sampleOtlpRequest } from "./testing.ts";

const text = fc.string({ unit: "binary", maxLength: 40 });
const key = fc.oneof(fc.constantFrom("service.name", "event.name", "otel.scope.name", "a", "b"), text);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
    fc.record({ doubleValue: fc.double().map((each) => (Number.isFinite(each) ? each : String(each))) }),
    fc.record({ bytesValue: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64")) }),
    fc.constant({}),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie("value"), { maxLength: 3 }) }) }),
    fc.record({ kvlistValue: fc.record({ values: tie("attributes") }) }),
  ),
  attributes: fc.array(fc.record({ key, value: tie("value") }, { requiredKeys: ["key"] }), { maxLength: 5 }),
}));
const attributes = fc.array(fc.record({ key, value }, { requiredKeys: ["key"] }), { maxLength: 6 });
const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => Buffer.from(each).toString("hex"));
const record = fc.record(
  {
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    severityNumber: fc.integer({ min: -3, max: 30 }),
    severityText: text,
    body: value,
    attributes,
    traceId: hex(16),
    spanId: hex(8),
    eventName: text,
  },
  { requiredKeys: [] },
);
const request = fc.record({
  resourceLogs: fc.array(
    fc.record(
      {
        resource: fc.record({ attributes }),
        scopeLogs: fc.array(
          fc.record(
            { scope: fc.record({ name: text }), logRecords: fc.array(record, { maxLength: 4 }) },
            { requiredKeys: ["logRecords"] },
          ),
          { maxLength: 3 },
        ),
      },
      { requiredKeys: ["scopeLogs"] },
    ),
    { maxLength: 3 },
  ),
}) as fc.Arbitrary<OtlpRequest>;

/** Whether each line is whole, or `refused`; any other failure is one of the test. */
function linesOrRefusal(body: Buffer): readonly string[] {
  try {
    return otlpLines(body, "protobuf").map(({ payload, source_ts }) => (payload.ts === source_ts ? "whole" : "torn"));
  } catch (error) {
    if (error instanceof PlatformError && error.kind === "payload-rejected") return ["refused"];
    throw error;
  }
}

/** A length as a varint of three bytes. */
const length = (bytes: number): Buffer =>
  Buffer.from([0x80 | (bytes & 0x7f), 0x80 | ((bytes >> 7) & 0x7f), bytes >> 14]);

describe("OTLP in protobuf, read without objects in between", () => {
  test("gives the same envelopes as in JSON, whatever is in it", () => {
    fc.assert(
      fc.property(request, (each) => {
        expect(otlpLines(encodeOtlpRequest(each), "protobuf")).toEqual(
          otlpLines(Buffer.from(JSON.stringify(each)), "json"),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("damaged, is refused as such or still gives whole lines", () => {
    const whole = encodeOtlpRequest(sampleOtlpRequest(0, 3));
    const damage = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), cut: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        const body = Buffer.from(whole.subarray(0, whole.length - (damages[0]?.cut ?? 0)));
        for (const { at, byte } of damages) if (at < body.length) body[at] = byte;
        expect(linesOrRefusal(body)).not.toContain("torn");
      }),
      { numRuns: 2000 },
    );
  });

  test("keeps what it knows when a sender's fields are newer than ours, come in another order, or are groups", () => {
    const bytes = (hexText: string): Buffer => Buffer.from(hexText, "hex");
    const message = (field: number, ...parts: Buffer[]): Buffer => {
      const body = Buffer.concat(parts);
      return Buffer.concat([Buffer.from([(field << 3) | 2]), length(body.length), body]);
    };
    const string = (field: number, content: string): Buffer => message(field, Buffer.from(content));
    const unknown = Buffer.concat([
      bytes("9806809a9e01"),
      bytes("9b0608019c06"),
      string(15, "new"),
      bytes("a50600000000"),
      bytes("a1060000000000000000"),
    ]);
    const attribute = (name: string, content: string): Buffer =>
      Buffer.concat([unknown, message(2, string(1, content)), string(1, name)]);
    const logRecord = Buffer.concat([unknown, message(5, unknown, string(1, "hi")), bytes("590000000001000000")]);
    const body = message(
      1,
      message(2, unknown, message(2, logRecord), message(1, unknown, string(1, "scope"))),
      message(1, unknown, message(1, attribute("service.name", "cart")), message(1, attribute("k", "v"))),
    );
    expect(otlpLines(body, "protobuf").map(({ payload }) => payload)).toEqual([
      expect.objectContaining({ service: "cart", message: "hi", attributes: { k: "v", "otel.scope.name": "scope" } }),
    ]);
  });

  test("with bytes that are no UTF-8 becomes text all the same", () => {
    const whole = encodeOtlpRequest(sampleOtlpRequest(0, 2));
    const at = whole.indexOf("placed by");
    whole[at] = 0xff;
    whole[at + 8] = 0xe2; // the begin of a character that does not end
    expect(otlpLines(whole, "protobuf").map(({ payload }) => payload.message)).toEqual([
      "order 0 \u{fffd}laced b\u{fffd} a customer in the web shop",
      "order 1 placed by a customer in the web shop",
    ]);
  });

  test("nested without end, is refused", () => {
    let nested: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 2000; depth += 1) {
      const values = Buffer.concat([Buffer.from([0x0a]), length(nested.length), nested]);
      nested = Buffer.concat([Buffer.from([0x2a]), length(values.length), values]);
    }
    let body = Buffer.concat([Buffer.from([0x2a]), length(nested.length), nested]);
    for (const field of [0x12, 0x12, 0x0a]) body = Buffer.concat([Buffer.from([field]), length(body.length), body]);
    expect(() => otlpLines(body, "protobuf")).toThrow(expect.objectContaining({ kind: "payload-rejected" }));
  });
});
