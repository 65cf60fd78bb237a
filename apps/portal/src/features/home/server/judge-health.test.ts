import { describe, expect, it } from "vitest";
import type { Layer } from "@nova/pipeline-core/catalog";
import { judgeHealth } from "./judge-health.ts";

const now = new Date("2026-11-23T12:00:00Z");
const dataset = (name: string, ageSeconds: number | null, failingChecks = 0) => ({
  name,
  layer: name.split(".")[0] as Layer,
  owner: "sales",
  targetLagSeconds: 60,
  dataThrough: ageSeconds === null ? null : new Date(now.getTime() - ageSeconds * 1_000),
  failingChecks,
  warningChecks: 0,
  checkMessage: failingChecks > 0 ? "11% null" : null,
  failingSince: null,
});

describe("the health of the datasets", () => {
  it("counts fresh, late and unknown apart, and never unknown as fresh", () => {
    const rows = [
      dataset("curated.orders", 10),
      dataset("mart.daily_sales", 300),
      dataset("staged.stripe__charge", null),
    ];
    expect(judgeHealth(rows, now, 8)).toMatchObject({ total: 3, fresh: 1, late: 1, unknown: 1, failing: 0 });
  });

  it("lists failing checks first, then late datasets people read, then late ones upstream", () => {
    const rows = [
      dataset("staged.orders_db__orders", 6_000),
      dataset("curated.payments", 70),
      dataset("mart.daily_sales", 600),
      dataset("staged.salesforce__contact", 5, 1),
      dataset("curated.orders", 5),
    ];
    const worst = judgeHealth(rows, now, 3).worst.map((one) => one.name);
    expect(worst).toEqual(["staged.salesforce__contact", "mart.daily_sales", "curated.payments"]);
  });
});
