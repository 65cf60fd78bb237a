import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkBySchema, checkLine, plainRecord } from "./log-record.ts";

const good = {
  ts: "2026-11-23T08:59:59.123Z",
  service: "cart",
  level: "INFO",
  message: "one",
  attributes: { "http.route": "/cart", nested: { deep: [1, null] } },
  trace_id: "t",
  span_id: null,
};
const time = fc.oneof(
  fc.constantFrom(
    good.ts,
    "2026-11-23T08:59:59+01:00",
    "2026-13-41T00:00:00Z",
    "2026-02-30T10:00:00Z",
    "2026-11-23",
    "",
  ),
  fc
    .date({ min: new Date("1900-01-01"), max: new Date("2200-01-01"), noInvalidDate: true })
    .map((each) => each.toISOString()),
);
const odd = fc.oneof(
  fc.constantFrom(undefined, null, "", 7, true, "x".repeat(30), "x".repeat(31), "x".repeat(200), "x".repeat(201)),
  fc.constantFrom({}, [], [1], { a: 1 }),
  fc.string({ unit: "binary" }),
  time,
);
const line = fc
  .record(
    {
      ...Object.fromEntries(
        Object.entries(good).map(([name, value]) => [
          name,
          fc.oneof({ arbitrary: fc.constant(value), weight: 6 }, { arbitrary: odd, weight: 1 }),
        ]),
      ),
      ts: fc.oneof({ arbitrary: time, weight: 6 }, { arbitrary: odd, weight: 1 }),
    },
    { requiredKeys: [] },
  )
  .chain((each) =>
    fc.oneof(
      fc.constant(each),
      fc.record({ extra: odd }).map((more) => ({ ...each, ...more })),
    ),
  );

describe("a line of a log batch", () => {
  test("is taken or refused, and with which words, as the declared schema says", () => {
    fc.assert(
      fc.property(fc.oneof({ arbitrary: line, weight: 9 }, { arbitrary: odd, weight: 1 }), (value) => {
        expect(checkLine(value, null)).toEqual(checkBySchema(value));
      }),
      { numRuns: 3000 },
    );
  });

  test("is read without the schema when it is as services write it", () => {
    expect(plainRecord(good)).toEqual({ ...good, level: "info" });
    const { trace_id: _trace, span_id: _span, ...untraced } = good;
    expect(plainRecord(untraced)).toMatchObject({ trace_id: null, span_id: null });
  });
});
