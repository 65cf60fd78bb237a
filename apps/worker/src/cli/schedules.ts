import { wallClock } from "@nova/pipeline-core/catalog";
import { type GateState, gateStatesSchema } from "@nova/pipeline-core/orchestration";
import type { Command } from "commander";
import { z } from "zod";
import { askCommand, askedText, type AskOptions, parseRequest } from "./ask-command.ts";
import { textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

interface ScheduleDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

type Common = AskOptions & { readonly json?: boolean };

const time = z.coerce.date();
const schedulesSchema = z.array(
  z.object({
    dataset: z.string(),
    pipeline: z.string(),
    cron: z.string(),
    zone: z.string(),
    words: z.string(),
    nextRuns: z.array(time),
    lastRun: z.object({ id: z.string(), state: z.string(), startedAt: time, reason: z.string().nullable() }).nullable(),
    paused: z.object({ by: z.string() }).nullable(),
    pipelinePaused: z.object({ by: z.string() }).nullable(),
  }),
);
export type Schedules = z.infer<typeof schedulesSchema>;

/** `nova schedules [pause|resume <dataset>]`; the same as the screen. */
export function addSchedules(program: Command, { worker, print, printJson }: ScheduleDeps): void {
  const schedules = program
    .command("schedules")
    .description("datasets that are refreshed by the calendar; with a word behind it: steer one")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const client = await worker();
      const [rows, gates] = await Promise.all([
        client.get("/schedules", {}, schedulesSchema),
        client.get("/gates", {}, gateStatesSchema),
      ]);
      const gateOf = (dataset: string): GateState | null => gates.find((gate) => gate.dataset === dataset) ?? null;
      if (json === true) printJson(rows.map((row) => ({ ...row, gate: gateOf(row.dataset) })));
      else print([schedulesText(rows), ...rows.flatMap(({ dataset }) => gateLines(gateOf(dataset)))].join("\n"));
    });
  const steer = (kind: "pause-schedule" | "resume-schedule", usage: string, description: string): void => {
    schedules
      .command(usage)
      .description(description)
      .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
      .option("--key <text>", "idempotency key: sent again with the same key, it is the same command")
      .option("--json", "as JSON")
      .action(async (target: string, options: AskOptions, command: Command) => {
        const asked = await askCommand(await worker(), parseRequest({ kind, target }), options);
        if (command.optsWithGlobals<Common>().json === true) printJson(asked);
        else print(askedText(asked));
      });
  };
  steer("pause-schedule", "pause <dataset>", "run nothing by the schedule until it is resumed");
  steer("resume-schedule", "resume <dataset>", "go on with the next tick; what passed meanwhile is not made up for");
}

function gateLines(gate: GateState | null): string[] {
  return gate === null ? [] : ["", `${gate.dataset} has a gate: ${gate.words}`, `  ${gate.now}`];
}

export function schedulesText(rows: Schedules): string {
  if (rows.length === 0) return "no dataset has a schedule: target lags drive them all";
  return textTable(
    [
      { title: "DATASET", value: (row) => row.dataset },
      { title: "CRON", value: (row) => row.cron },
      { title: "IN WORDS", value: (row) => row.words },
      { title: "ZONE", value: (row) => row.zone },
      { title: "NEXT RUNS", value: (row) => nextText(row) },
      { title: "LAST RUN", value: (row) => lastText(row) },
      { title: "PAUSED", value: (row) => pausedText(row) },
    ],
    rows,
  );
}

/** By the wall clock of the schedule's zone; the date is not said again where it stays the same. */
function nextText({ nextRuns, zone }: Schedules[number]): string {
  const days = nextRuns.map((at) => wallClock(at, zone).split(" "));
  return days.map(([day, hour], index) => (days[index - 1]?.[0] === day ? hour : `${day} ${hour}`)).join(", ");
}

function lastText({ lastRun, zone }: Schedules[number]): string {
  return lastRun === null ? "–" : `${lastRun.state} ${wallClock(lastRun.startedAt, zone)}`;
}

function pausedText({ paused, pipelinePaused, pipeline }: Schedules[number]): string {
  if (paused !== null) return `by ${paused.by}`;
  return pipelinePaused === null ? "–" : `with ${pipeline} by ${pipelinePaused.by}`;
}
