import { describe, expect, test } from "vitest";
import { checkLine } from "./log-record.ts";

const record = (value: unknown, service: string | null = null) => {
  const checked = checkLine(value, service);
  return checked.ok ? checked.record : checked.detail;
};

/** As Fluent Bit's `http` output sends a container's line after its `kubernetes` filter, with no setting but `format json`. */
const FROM_KUBERNETES = {
  date: 1763888400.123457,
  stream: "stderr",
  log: "payment declined\n",
  kubernetes: {
    pod_name: "checkout-7d9f8b6c5-x2q8",
    namespace_name: "shop",
    labels: { "app.kubernetes.io/name": "checkout", app: "older-label" },
    container_name: "main",
  },
};

describe("a record of Fluent Bit", () => {
  test("is read as its http output sends it, unmodified", () => {
    expect(record(FROM_KUBERNETES)).toEqual({
      ts: "2025-11-23T09:00:00.123457Z",
      service: "checkout",
      level: "info",
      message: "payment declined",
      attributes: { stream: "stderr", kubernetes: FROM_KUBERNETES.kubernetes },
      trace_id: null,
      span_id: null,
    });
  });

  test.each([
    ["double", 1763888400.5, "2025-11-23T09:00:00.500000Z"],
    ["epoch", 1763888400, "2025-11-23T09:00:00.000000Z"],
    ["epoch_ms", 1763888400123, "2025-11-23T09:00:00.123000Z"],
    ["iso8601", "2025-11-23T09:00:00.123456Z", "2025-11-23T09:00:00.123456Z"],
    ["java_sql_timestamp", "2025-11-23 09:00:00.123456", "2025-11-23T09:00:00.123456Z"],
  ])("may have its time as json_date_format %s", (_format, date, ts) => {
    expect(record({ date, log: "x" })).toMatchObject({ ts, message: "x" });
  });

  test("says its service by label, container or field, and else it is the one whose token it came with", () => {
    const kubernetes = { labels: { app: "cart" }, container_name: "main" };
    expect(record({ date: 1, log: "x", kubernetes }, "token")).toMatchObject({ service: "cart" });
    expect(record({ date: 1, log: "x", kubernetes: { container_name: "main" } }, "token")).toMatchObject({
      service: "main",
    });
    expect(record({ date: 1, log: "x", service: "named", kubernetes }, "token")).toMatchObject({ service: "named" });
    expect(record({ date: 1, log: "x" }, "token")).toMatchObject({ service: "token" });
    expect(record({ date: 1, log: "x" })).toMatchObject({ service: "unknown_service" });
  });

  test("keeps fields of parsed logs where they belong, and the others as attributes", () => {
    expect(record({ date: 1, message: "m", level: "WARN", trace_id: "t", span_id: "s", user: 7 })).toMatchObject({
      message: "m",
      level: "warn",
      trace_id: "t",
      span_id: "s",
      attributes: { user: 7 },
    });
  });

  test.each([
    ["that is none", "yesterday"],
    ["that is no day", "2026-02-30T00:00:00Z"],
    ["before 1970", -5],
    ["that is nothing", null],
  ])("with a time %s is refused", (_name, date) => {
    expect(record({ date, log: "x" })).toEqual(expect.stringContaining("ts:"));
  });
});
