import {
  type Command as StoredCommand,
  commandRequestSchema,
  type Explanation,
  type PoolState,
} from "@nova/pipeline-core/orchestration";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addMarkRun, addUnmarkRun } from "./mark-run.ts";
import { whyText } from "./show-why.ts";
import { addSteering, retryScope } from "./steer.ts";
import type { WorkerClient } from "./worker-client.ts";

const RUN = "019a0000-0000-7000-8000-000000000001";
const COMMAND = "019a0000-0000-7000-8000-000000000002";
const WHY: Explanation = {
  dataset: "curated.orders",
  state: "waiting",
  headline: "Due by time in 6 s: it is refreshed at most every 10 s.",
  conditions: [
    { id: "idle", holds: true, blocks: true, text: "It is not running.", until: null },
    { id: "due-by-time", holds: false, blocks: true, text: "Due by time in 6 s.", until: new Date(0) },
    { id: "slot", holds: false, blocks: false, text: "It waits for a slot behind 3 others.", until: null },
  ],
};

const NO_POOL = { description: "", size: 1, declared: 1, changed: null, datasets: [], running: [], waiting: [] };
const POOLS: readonly PoolState[] = [
  { ...NO_POOL, kind: "steps", name: "all steps", size: 2, declared: 2, running: [{ dataset: null, runId: null }] },
  {
    ...NO_POOL,
    kind: "pool",
    name: "heavy",
    size: 3,
    changed: { by: "dev@nova.example", at: new Date(0), reason: "month end" },
    running: [{ dataset: "curated.customers", runId: RUN }],
    waiting: [{ dataset: "mart.daily_sales", runId: RUN }],
  },
];

let printed: string[];
let asked: { request: unknown; key: string; email?: string }[];
let becomes: Pick<StoredCommand, "state" | "message" | "runId">;

beforeEach(() => {
  printed = [];
  asked = [];
  becomes = { state: "done", message: `run ${RUN} began with 1 step`, runId: RUN };
});
afterEach(() => {
  process.exitCode = 0;
});

/** What the worker answers, by its own schemas; the answers of the real routes are tested in http/server.test.ts. */
const worker: WorkerClient = {
  async get(path, _query, schema) {
    if (path === "/why") return schema.parse(WHY);
    if (path === "/pools") return schema.parse(POOLS);
    if (path === `/runs/${RUN}`) return schema.parse({ id: RUN, state: "failed", error: "curated.orders: no" });
    return schema.parse({ id: COMMAND, key: asked[0]?.key, ...becomes });
  },
  async post(_path, body, schema) {
    const { request, ...rest } = body as (typeof asked)[number];
    asked.push({ request: commandRequestSchema.parse(request), ...rest });
    const command = { id: COMMAND, key: rest.key, state: "queued", message: "", runId: null };
    return schema.parse({ command, created: true });
  },
};

async function nova(...args: string[]): Promise<string> {
  const program = new Command("nova").exitOverride().configureOutput({ writeErr: () => undefined });
  addSteering(program, {
    worker: async () => worker,
    print: (text) => void printed.push(text),
    printJson: (value) => void printed.push(JSON.stringify(value)),
  });
  await program.parseAsync(args, { from: "user" });
  return printed.join("\n");
}

describe("steering on the command line", () => {
  test.each([
    [["run", "curated.orders"], { kind: "run-dataset", target: "curated.orders", downstream: false }],
    [["run", "curated.orders", "--downstream"], { kind: "run-dataset", target: "curated.orders", downstream: true }],
    [["cancel", RUN], { kind: "cancel-run", target: RUN }],
    [["retry", RUN], { kind: "retry-run", target: RUN, scope: "failed", datasets: [] }],
    [["retry", RUN, "--all"], { kind: "retry-run", target: RUN, scope: "all", datasets: [] }],
    [
      ["retry", RUN, "--dataset", "curated.orders", "--dataset", "curated.payments"],
      { kind: "retry-run", target: RUN, scope: "selected", datasets: ["curated.orders", "curated.payments"] },
    ],
    [
      ["retry", RUN, "--from", "curated.orders"],
      { kind: "retry-run", target: RUN, scope: "from", datasets: ["curated.orders"] },
    ],
    [["rollback", "curated.orders", "--run", RUN], { kind: "rollback-dataset", target: "curated.orders", runId: RUN }],
    [["release", "curated.orders"], { kind: "release-dataset", target: "curated.orders" }],
    [["pause", "sales"], { kind: "pause-pipeline", target: "sales" }],
    [["resume", "sales"], { kind: "resume-pipeline", target: "sales" }],
    [
      ["pools", "set", "heavy", "3", "--reason", "month end"],
      { kind: "set-pool", target: "heavy", places: 3, reason: "month end" },
    ],
    [
      ["pools", "reset", "heavy", "--reason", "it is over"],
      { kind: "reset-pool", target: "heavy", reason: "it is over" },
    ],
  ])("%j asks for it and says what became of it", async (args, request) => {
    const text = await nova(...args);
    expect(asked.map((one) => one.request)).toEqual([request]);
    expect(text).toContain(becomes.message);
    expect(text).toContain(`idempotency key ${asked[0]?.key}`);
  });

  test("a key and a person are passed on", async () => {
    await nova("pause", "sales", "--key", "my-own-key", "--as", "dev@nova.example");
    expect(asked[0]).toMatchObject({ key: "my-own-key", email: "dev@nova.example" });
  });

  test("a refusal fails with the reason", async () => {
    becomes = { state: "refused", message: "sales is not paused", runId: null };
    await expect(nova("resume", "sales")).rejects.toMatchObject({ exit: 1, message: "sales is not paused" });
  });

  test("--wait fails with the run", async () => {
    await expect(nova("run", "curated.orders", "--wait")).rejects.toMatchObject({
      exit: 1,
      message: `run ${RUN} failed: curated.orders: no`,
    });
  });

  test("what is asked wrongly is said before anything is asked", async () => {
    await expect(nova("run", "orders")).rejects.toMatchObject({ exit: 2, message: expect.stringMatching(/^target: /) });
    await expect(nova("cancel", "7")).rejects.toMatchObject({ exit: 2, message: "target: must be a run's id" });
    for (const [places, why] of [
      ["0", "must be at least 1"],
      ["1e9", "must be at most 100"],
      ["2.5", "must be a whole number"],
      ["many", "must be a whole number"],
    ] as const)
      await expect(nova("pools", "set", "heavy", places, "--reason", "month end")).rejects.toMatchObject({
        exit: 2,
        message: expect.stringContaining(why),
      });
    await expect(nova("pools", "set", "heavy", "2", "--reason", " ")).rejects.toMatchObject({
      message: "reason: must say why, in at least 3 characters",
    });
    await expect(nova("pools", "set", "heavy", "2")).rejects.toThrow("--reason");
    expect(() => retryScope({ all: true, failed: true, dataset: undefined, from: undefined })).toThrow("choose one");
    expect(asked).toEqual([]);
  });
});

describe("nova why", () => {
  test("answers first, then tells every condition", async () => {
    expect(await nova("why", "curated.orders")).toBe(
      [
        "curated.orders is waiting: Due by time in 6 s: it is refreshed at most every 10 s.",
        "",
        "      CONDITION",
        "ok    It is not running.",
        "no    Due by time in 6 s.",
        "note  It waits for a slot behind 3 others.",
      ].join("\n"),
    );
    expect(whyText({ ...WHY, conditions: [] })).not.toContain("CONDITION");
  });
});

test("nova runs mark says of which steps, as what and why", async () => {
  const program = new Command("runs").exitOverride().configureOutput({ writeErr: () => undefined });
  const print = (text: string): void => void printed.push(text);
  addMarkRun(program, { worker: async () => worker, print, printJson: () => undefined });
  const mark = (...args: string[]) => program.parseAsync(["mark", RUN, ...args], { from: "user" });
  await mark("done", "--step", "curated.orders", "--reason", "loaded by hand");
  expect(asked.map(({ request }) => request)).toEqual([
    { kind: "mark-run", target: RUN, as: "done", datasets: ["curated.orders"], reason: "loaded by hand" },
  ]);
  await expect(mark("fine", "--reason", "loaded by hand")).rejects.toMatchObject({
    exit: 2,
    message: "as: must be one of done, failed",
  });
});

test("nova runs unmark says of which steps, or of all", async () => {
  const program = new Command("runs").exitOverride().configureOutput({ writeErr: () => undefined });
  const print = (text: string): void => void printed.push(text);
  addUnmarkRun(program, { worker: async () => worker, print, printJson: () => undefined });
  await program.parseAsync(["unmark", RUN, "--step", "curated.orders"], { from: "user" });
  await program.parseAsync(["unmark", RUN], { from: "user" });
  expect(asked.map(({ request }) => request)).toEqual([
    { kind: "unmark-run", target: RUN, datasets: ["curated.orders"] },
    { kind: "unmark-run", target: RUN, datasets: [] },
  ]);
});

test("nova pools says who has the places and who waits", async () => {
  expect(await nova("pools")).toBe(
    [
      "POOL       PLACES  BY THE CODE  HAS A PLACE         WAITS             CHANGED",
      "all steps  1 of 2            2  tidying of a table  –                 –",
      "heavy      1 of 3            1  curated.customers   mart.daily_sales  by dev@nova.example: month end",
    ].join("\n"),
  );
});
