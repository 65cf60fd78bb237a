import { Command } from "commander";
import { expect, test } from "vitest";
import { addPartitions, landingText, partitionsText } from "./partitions.ts";
import type { WorkerClient } from "./worker-client.ts";

const DATASET = "mart.daily_sales";
const surveyedAt = new Date("2026-11-23T12:00:00Z");
const span = (from: string, to: string, state: "present" | "missing" | "failed" | "running", partitions: number) => ({
  from,
  to,
  state,
  partitions,
  rows: state === "present" ? 10 * partitions : 0,
});
const SPANS = [
  span("2026-11-01", "2026-11-10", "present", 10),
  span("2026-11-11", "2026-11-12", "missing", 2),
  span("2026-11-13", "2026-11-13", "failed", 1),
  span("2026-11-14", "2026-11-20", "present", 7),
];

const MARKED = [
  {
    from: "2026-11-05",
    to: "2026-11-05",
    parameters: { tolerance: "0.05" },
    runId: "019a0000-0000-7000-8000-000000000001",
    at: surveyedAt,
  },
];
const GATES = [
  {
    dataset: DATASET,
    words: "every input through the last midnight (UTC)",
    waits: false,
    now: "",
    until: null,
    days: [{ day: "2026-11-20", value: 0, until: "2026-11-21T02:00:00Z" }],
  },
];

async function nova(found: unknown, ...args: string[]): Promise<string> {
  const program = new Command("nova").exitOverride();
  const client: Pick<WorkerClient, "get"> = {
    get: async (path, _query, schema) => schema.parse(path === "/gates" ? GATES : found),
  };
  let printed = "";
  const print = (text: string): void => void (printed += text);
  const printJson = (value: unknown): void => print(JSON.stringify(value));
  addPartitions(program, { worker: async () => client as WorkerClient, print, printJson });
  await program.parseAsync(args, { from: "user" });
  return printed;
}

test("days are a bar, what there is of each, and the ranges that are not ready", async () => {
  expect((await nova({ surveyedAt, spans: SPANS, marked: MARKED }, "partitions", DATASET)).split("\n")).toEqual([
    "mart.daily_sales, 20 days from 2026-11-01 to 2026-11-20, as of 2026-11-23 12:00 UTC",
    "[##########..x#######]",
    "# 17 ready   . 2 missing   x 1 failed",
    "",
    "DAYS                      STATE    PARTITIONS  ROWS",
    "2026-11-11 to 2026-11-12  missing           2     0",
    "2026-11-13                failed            1     0",
    "",
    "BY OTHER PARAMETERS  VALUES            RUN       SINCE (UTC)",
    "2026-11-05           tolerance = 0.05  019a0000  2026-11-23 12:00",
    "2026-11-20 waits at the gate: its check gives 0; computed as it is from 2026-11-21T02:00Z on",
  ]);
});

test("--from and --to cut them, and a day that there is not is refused", async () => {
  const cut = await nova(
    { surveyedAt, spans: SPANS, marked: MARKED },
    "partitions",
    DATASET,
    "--from",
    "2026-11-10",
    "--to",
    "2026-11-12",
  );
  expect(cut).toContain("[#..]\n# 1 ready   . 2 missing");
  const json = await nova(
    { surveyedAt, spans: SPANS, marked: MARKED },
    "partitions",
    DATASET,
    "--to",
    "2026-11-02",
    "--json",
  );
  expect(JSON.parse(json)).toMatchObject({
    spans: [{ from: "2026-11-01", to: "2026-11-02", partitions: 2, rows: null }],
  });
  await expect(nova(null, "partitions", DATASET, "--from", "2026-02-30")).rejects.toMatchObject({
    exit: 2,
    message: expect.stringContaining("--from: must be a day"),
  });
});

test("a hundred thousand days fit, and a single bad one is seen", () => {
  const spans = [
    span("1753-01-01", "2000-01-01", "present", 90_216),
    span("2000-01-02", "2000-01-02", "failed", 1),
    span("2000-01-03", "2026-11-20", "present", 9_819),
  ];
  const [, bar] = partitionsText(DATASET, { surveyedAt, spans, marked: [] }).split("\n");
  expect(bar).toMatch(/^\[#{60,70}x#+\] 1390 days a character, the worst of them$/);
  expect(bar?.indexOf("]")).toBeLessThanOrEqual(73);
});

test("a dataset without days says so", () => {
  expect(partitionsText(DATASET, null)).toContain("is not cut into days");
  expect(partitionsText(DATASET, { surveyedAt, spans: [], marked: [] })).toContain("has no days there");
});

test("landing times are told by day, beside the target lag", () => {
  const at = (day: string) => new Date(`${day}T00:00:00Z`);
  const points = [
    { at: at("2026-11-20"), runs: 24, medianSeconds: 60, worstSeconds: 100 },
    { at: at("2026-11-21"), runs: 23, medianSeconds: 80, worstSeconds: 4_000 },
  ];
  expect(landingText(DATASET, { spanSeconds: 86_400, targetLagSeconds: 600, points }).split("\n")).toEqual([
    "mart.daily_sales by 24 h; its target lag is 10 min",
    "FROM (UTC)  RUNS  MEDIAN   WORST  TARGET LAG",
    "2026-11-20    24    60 s   100 s  kept",
    "2026-11-21    23    80 s  67 min  passed",
  ]);
  expect(landingText(DATASET, { spanSeconds: null, targetLagSeconds: 600, points: [] })).toContain("no run in 30 days");
});
