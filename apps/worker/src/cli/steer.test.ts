import {
  type Command as StoredCommand,
  commandRequestSchema,
  type Explanation,
} from "@nova/pipeline-core/orchestration";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
