import { describe, expect, test } from "vitest";
import { EnvelopeLines } from "./envelope-lines.ts";
import { encodeOtlpResponse, encodeOtlpStatus, type OtlpEncoding, readOtlp } from "./otlp.ts";
import { otlpLines } from "./testing.ts";

/** What the official exporter (@opentelemetry/exporter-logs-otlp-proto 0.301) sent for the two records below. */
const EXPORTED = Buffer.from(
  "CpwCCjwKGgoMc2VydmljZS5uYW1lEgoKCGNoZWNrb3V0ChwKDGs4cy5wb2QubmFtZRIMCgpjaGVja291dC0xEAAS2wEKCwoEc2hvcBIDMS4yEpgBCRVtyognl3oYEBEaBUVSUk9SKg8KDWNhcmQgZGVjbGluZWQyFwoQaHR0cC5zdGF0dXNfY29kZRIDGJIDMhgKC2R1cmF0aW9uX21zEgkhAAAAAAAAKUAyDQoHcmV0cmllZBICEAEyFAoEdGFncxIMKgoKAwoBYQoDCgFiMhAKA2JpZxIJGP////////8POABZAGoJvSeXehgSMQkANKT4J5d6GBAJKhkyFwoVCgZuZXN0ZWQSCzIJCgcKAWESAhgBOABZQFcZsw+O6hg=",
  "base64",
);

const AS_JSON = {
  resourceLogs: [
    {
      resource: {
        attributes: [
          { key: "service.name", value: { stringValue: "checkout" } },
          { key: "k8s.pod.name", value: { stringValue: "checkout-1" } },
        ],
      },
      scopeLogs: [
        {
          scope: { name: "shop", version: "1.2" },
          logRecords: [
            {
              timeUnixNano: "1763888400123456789",
              severityNumber: 17,
              severityText: "ERROR",
              body: { stringValue: "card declined" },
              attributes: [
                { key: "http.status_code", value: { intValue: "402" } },
                { key: "duration_ms", value: { doubleValue: 12.5 } },
                { key: "retried", value: { boolValue: true } },
                { key: "tags", value: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] } } },
                { key: "big", value: { intValue: "9007199254740991" } },
              ],
            },
            {
              timeUnixNano: "1763888402000000000",
              severityNumber: 9,
              body: {
                kvlistValue: {
                  values: [
                    { key: "nested", value: { kvlistValue: { values: [{ key: "a", value: { intValue: 1 } }] } } },
                  ],
                },
              },
            },
          ],
        },
      ],
    },
  ],
};

const decodeOtlp = (body: Buffer, encoding: OtlpEncoding) => otlpLines(body, encoding).map(({ payload }) => payload);

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const oneRecord = (record: object): Buffer => json({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });

describe("an OTLP logs request", () => {
  test("gives the same records from protobuf and from JSON", () => {
    const records = decodeOtlp(EXPORTED, "protobuf");
    expect(records).toEqual([
      {
        ts: "2025-11-23T09:00:00.123456Z",
        service: "checkout",
        level: "error",
        message: "card declined",
        attributes: {
          "k8s.pod.name": "checkout-1",
          "otel.scope.name": "shop",
          "http.status_code": 402,
          duration_ms: 12.5,
          retried: true,
          tags: ["a", "b"],
          big: 9007199254740991,
        },
        trace_id: null,
        span_id: null,
      },
      {
        ts: "2025-11-23T09:00:02.000000Z",
        service: "checkout",
        level: "info",
        message: '{"nested":{"a":1}}',
        attributes: { "k8s.pod.name": "checkout-1", "otel.scope.name": "shop" },
        trace_id: null,
        span_id: null,
      },
    ]);
    expect(decodeOtlp(json(AS_JSON), "json")).toEqual(records);
  });

  test("keeps trace and span ids as hex, and integers beyond 2^53 exactly", () => {
    const [record] = decodeOtlp(
      oneRecord({
        timeUnixNano: "1",
        traceId: "5B8EFFF798038103D269B633813FC60C",
        spanId: "EEE19B7EC3C1B174",
        attributes: [{ key: "n", value: { intValue: "9223372036854775807" } }],
      }),
      "json",
    );
    expect(record).toMatchObject({
      trace_id: "5b8efff798038103d269b633813fc60c",
      span_id: "eee19b7ec3c1b174",
      attributes: { n: "9223372036854775807" },
    });
  });

  test("takes the observed time when the event's own is unknown, and names an unknown service", () => {
    const [record] = decodeOtlp(
      oneRecord({ observedTimeUnixNano: "1763888400000000000", severityText: "Notice" }),
      "json",
    );
    expect(record).toMatchObject({
      ts: "2025-11-23T09:00:00.000000Z",
      service: "unknown_service",
      level: "notice",
      message: "",
    });
  });

  test.each([
    ["JSON that is none", Buffer.from("{"), "json"],
    ["JSON of another shape", json({ resourceLogs: "x" }), "json"],
    ["bytes that are no protobuf", Buffer.from("hello there"), "protobuf"],
  ] as const)("is refused when it is %s", (_name, body, encoding) => {
    expect(() => decodeOtlp(body, encoding)).toThrow(expect.objectContaining({ kind: "payload-rejected" }));
  });

  test.each([
    ["a time that is no number", { timeUnixNano: "yesterday" }],
    ["a time beyond 64 bits", { timeUnixNano: "18446744073709551616" }],
    ["a time before 1970", { timeUnixNano: "-1" }],
    ["attributes that are none", { attributes: "x" }],
  ])("loses only the record that has %s", (_name, record) => {
    const lines = new EnvelopeLines();
    const good = { timeUnixNano: "1763888400000000000" };
    readOtlp(json({ resourceLogs: [{ scopeLogs: [{ logRecords: [good, record, good] }] }] }), "json", lines);
    expect([lines.rows, lines.refused.map(({ line, reason }) => [line, reason])]).toEqual([2, [[2, "malformed"]]]);
  });

  test("takes 64-bit numbers that were written as numbers", () => {
    const [record] = decodeOtlp(
      Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1763888400123456789}]}]}]}'),
      "json",
    );
    expect(record?.ts).toBe("2025-11-23T09:00:00.123456Z");
  });

  test("is answered as the specification says", () => {
    expect(encodeOtlpResponse("protobuf", 0, "")).toHaveLength(0);
    expect(encodeOtlpResponse("json", 0, "").toString()).toBe("{}");
    expect(JSON.parse(encodeOtlpResponse("json", 2, "why").toString())).toEqual({
      partialSuccess: { rejectedLogRecords: 2, errorMessage: "why" },
    });
    expect(encodeOtlpResponse("protobuf", 2, "why").toString("hex")).toBe("0a070802120377" + "6879");
    expect(encodeOtlpStatus("protobuf", 3, "bad").toString("hex")).toBe("08031203626164");
  });
});
