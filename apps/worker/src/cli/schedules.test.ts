import type { GateState } from "@nova/pipeline-core/orchestration";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addSchedules, type Schedules, schedulesText } from "./schedules.ts";
import type { WorkerClient } from "./worker-client.ts";

const at = (time: string): Date => new Date(`2026-11-${time}:00Z`);
const ROWS: Schedules = [
  {
    dataset: "mart.a",
    pipeline: "marts",
    cron: "15 6 * * *",
    zone: "Europe/Berlin",
    words: "At 06:15",
    nextRuns: [at("24T05:15"), at("25T05:15")],
    lastRun: { id: "r", state: "skipped", startedAt: at("23T05:15"), reason: "it is there already" },
    paused: { by: "dev@nova.example" },
    pipelinePaused: null,
  },
  {
    dataset: "mart.b",
    pipeline: "marts",
    cron: "0 * * * *",
    zone: "UTC",
    words: "Every hour",
    nextRuns: [at("23T13:00"), at("23T14:00"), at("24T00:00")],
    lastRun: null,
    paused: null,
    pipelinePaused: { by: "petra@nova.example" },
  },
];

const GATE: GateState = {
  dataset: "mart.a",
  words: "every input through the tick of its schedule; at most 40 min, then it runs with what there is",
  waits: true,
  now: "It waits until its inputs are complete through 06:15: staged.b is through 05:59 only.",
  until: at("24T05:55"),
  days: [],
};

async function nova(...args: string[]): Promise<{ printed: string; asked: unknown[] }> {
  const asked: unknown[] = [];
  let printed = "";
  const settled = { id: "c", key: "key-00001", state: "done", message: "it is paused", runId: null };
  const client: WorkerClient = {
    get: async (path, _query, schema) =>
      schema.parse(path === "/schedules" ? ROWS : path === "/gates" ? [GATE] : settled),
    async post(_path, body, schema) {
      asked.push((body as { request: unknown }).request);
      return schema.parse({ command: { ...settled, state: "queued", message: "" }, created: true });
    },
  };
  const program = new Command("nova").exitOverride();
  const print = (text: string): void => void (printed += text);
  addSchedules(program, { worker: async () => client, print, printJson: (value) => print(JSON.stringify(value)) });
  await program.parseAsync(args, { from: "user" });
  return { printed, asked };
}

test("lists each schedule by the clock of its zone, with its last run and who paused it", async () => {
  expect((await nova("schedules")).printed).toBe(
    [
      "DATASET  CRON        IN WORDS    ZONE           NEXT RUNS                                  LAST RUN                  PAUSED",
      "mart.a   15 6 * * *  At 06:15    Europe/Berlin  2026-11-24 06:15, 2026-11-25 06:15         skipped 2026-11-23 06:15  by dev@nova.example",
      "mart.b   0 * * * *   Every hour  UTC            2026-11-23 13:00, 14:00, 2026-11-24 00:00  –                         with marts by petra@nova.example",
      "",
      `mart.a has a gate: ${GATE.words}`,
      `  ${GATE.now}`,
    ].join("\n"),
  );
  expect(JSON.parse((await nova("schedules", "--json")).printed)).toMatchObject([
    { dataset: "mart.a", gate: { waits: true } },
    { dataset: "mart.b", gate: null },
  ]);
  expect(schedulesText([])).toContain("no dataset has a schedule");
});

test.each([
  ["pause", "pause-schedule"],
  ["resume", "resume-schedule"],
])("%s asks for it", async (word, kind) => {
  expect((await nova("schedules", word, "mart.a")).asked).toEqual([{ kind, target: "mart.a" }]);
  await expect(nova("schedules", word, "a")).rejects.toMatchObject({ exit: 2 });
});
