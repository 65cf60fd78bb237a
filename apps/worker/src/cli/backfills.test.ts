import { type BackfillPlan, commandRequestSchema, type PartState } from "@nova/pipeline-core/orchestration";
import { examplePlan } from "@nova/pipeline-core/orchestration/testing";
import { Command } from "commander";
import { beforeEach, describe, expect, test } from "vitest";
import { addBackfills, specOf } from "./backfills.ts";
import type { WorkerClient } from "./worker-client.ts";

const ID = "019a0000-0000-7000-8000-000000000001";
const parts: Record<PartState, number> = { queued: 1, running: 0, succeeded: 2, failed: 0, skipped: 0, cancelled: 0 };
const plan: BackfillPlan = {
  ...examplePlan(),
  affected: [{ dataset: "export.sales", owner: "sales-data" }],
  notes: ["fewer days per run hold live refreshes up for a shorter time"],
};
const head = { id: ID, state: "running", requestedBy: "dev@nova.example", parts };

let shown: BackfillPlan;
let printed: string[];
let posted: { path: string; body: Record<string, unknown> }[];
beforeEach(() => {
  shown = plan;
  printed = [];
  posted = [];
});

/** What the worker answers, by its own schemas. */
const worker: WorkerClient = {
  async get(path, _query, schema) {
    if (path === `/backfills/${ID}`) return schema.parse({ ...head, parallelism: 1, plan: shown });
    if (path === "/backfills") return schema.parse([{ ...head, dataset: "mart.daily_sales", createdAt: new Date() }]);
    return schema.parse({ id: ID, key: "k", state: "done", message: `backfill ${ID} began`, runId: null });
  },
  async post(path, body, schema) {
    posted.push({ path, body: body as Record<string, unknown> });
    if (path === "/backfills/plan") return schema.parse({ id: ID });
    commandRequestSchema.parse((body as { request: unknown }).request);
    return schema.parse({ command: { id: ID, key: "k", state: "queued", message: "", runId: null }, created: true });
  },
};

async function nova(...args: string[]): Promise<string> {
  const program = new Command("nova").exitOverride();
  addBackfills(program, {
    worker: async () => worker,
    print: (text) => void printed.push(text),
    printJson: (value) => void printed.push(JSON.stringify(value)),
  });
  await program.parseAsync(args, { from: "user" });
  return printed.join("\n");
}

const request = () => posted.at(-1)?.body["request"];

describe("nova plan", () => {
  test("freezes a plan and shows what it does, takes and touches", async () => {
    const text = await nova("plan", "mart.daily_sales", "--from", "2026-11-01", "--to", "2026-11-03", "--scope", "all");
    expect(posted[0]?.body["spec"]).toMatchObject({
      dataset: "mart.daily_sales",
      scope: "all",
      ranges: [{ from: "2026-11-01", to: "2026-11-03" }],
    });
    expect(text).toContain("3 partitions in 3 runs, 30 rows there now, about 1.5 s, $0.0002 of reads on AWS");
    expect(text).toContain("follow by themselves: export.sales");
    expect(text).toContain("fewer days per run");
    expect(text).toContain(`npm run nova -- backfill submit ${ID}`);
  });
});

test("parameters and how days are cut go with the plan, and it says what each cut takes", async () => {
  const given = { ...plan, spec: { ...plan.spec, perRun: "range" as const } };
  const cut = { runs: 3, bytesRead: 90_000_000, dollars: "0.0005" };
  shown = {
    ...given,
    datasets: plan.datasets.map((one) => ({ ...one, parameters: { tolerance: "0.05" } })),
    cuts: [
      { ...cut, perRun: 1 },
      { ...cut, perRun: "range", runs: 1, bytesRead: 30_000_000, dollars: "0.0002" },
    ],
  };
  const text = await nova("plan", "mart.daily_sales", "--per-run", "range", "--set", "tolerance=0.05", "note=a=b");
  expect(posted[0]?.body["spec"]).toMatchObject({ perRun: "range", parameters: { tolerance: "0.05", note: "a=b" } });
  expect(text).toContain("mart.daily_sales with tolerance = 0.05");
  expect(text).toContain("  a run for each day: 3 runs, 90.0 MB read, $0.0005");
  expect(text).toContain("* a run for each range: 1 run, 30.0 MB read, $0.0002");
});

describe("nova backfill", () => {
  test("plans and submits at once", async () => {
    const text = await nova("backfill", "mart.daily_sales", "--day", "2026-11-01", "2026-11-09", "--downstream");
    expect(posted.map(({ path }) => path)).toEqual(["/backfills/plan", "/commands"]);
    expect(request()).toEqual({ kind: "submit-backfill", target: ID });
    expect(text).toContain(`backfill ${ID} began`);
  });

  test.each([
    [["submit", ID], { kind: "submit-backfill" }],
    [["pause", ID], { kind: "pause-backfill" }],
    [["resume", ID], { kind: "resume-backfill" }],
    [["cancel", ID], { kind: "cancel-backfill", inFlight: false }],
    [["cancel", ID, "--in-flight"], { kind: "cancel-backfill", inFlight: true }],
    [["retry", ID], { kind: "retry-backfill" }],
    [["parallelism", ID, "4"], { kind: "set-backfill-parallelism", parallelism: 4 }],
  ])("%j asks for %j", async (args, wanted) => {
    await nova("backfill", ...args);
    expect(request()).toEqual({ target: ID, ...wanted });
  });

  test("lists them and shows one", async () => {
    expect(await nova("backfill")).toMatch(/mart\.daily_sales +running +1 queued, 2 succeeded/);
    expect(await nova("backfill", "show", ID)).toContain(`backfill ${ID} is running: 1 queued, 2 succeeded`);
  });
});

test.each([
  [{ from: "2026-11-01" }, /--from and --to/],
  [{ day: ["2026-02-30"] }, /ranges\.0\.from: must be a day that the calendar has/],
  [{ from: "2026-11-02", to: "2026-11-01" }, /must not end before it begins/],
  [{ scope: "some" }, /scope: must be one of/],
  [{ perRun: "0" }, /perRun: must be between 1 and 10000 days, or range/],
  [{ perRun: "week" }, /perRun: must be a whole number of days, or range/],
  [{ set: ["tolerance"] }, /--set tolerance: say name=value/],
  [{ set: ["Tolerance=1"] }, /parameters.Tolerance: /],
  [{ parallelism: "99" }, /parallelism: must be at most 16/],
])("flags %j are refused", (flags, message) => {
  expect(() => specOf("mart.daily_sales", flags)).toThrow(message);
});
