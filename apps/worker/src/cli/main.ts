import { Command, CommanderError } from "commander";
import { addBackfills } from "./backfills.ts";
import { CommandFailure, EXIT } from "./command-failure.ts";
import { addCost } from "./cost.ts";
import { addDriftCommands } from "./drift.ts";
import { addDiffs } from "./diff-run.ts";
import { dataDirFromEnv } from "./env.ts";
import { addPartitions } from "./partitions.ts";
import { answerNotes, answerText, type QueryFormat, runQuery } from "./run-query.ts";
import { addMarkRun, addUnmarkRun } from "./mark-run.ts";
import { addShowRun } from "./show-run.ts";
import { fetchRunDays, fetchRuns, runDaysText, type RunsOptions, runsText } from "./show-runs.ts";
import { datasetsText, fetchStatus, sourcesText, statusText } from "./show-status.ts";
import { addSourceCommands } from "./sources.ts";
import { addSchedules } from "./schedules.ts";
import { addQuarantineCommand } from "./quarantine.ts";
import { addReconcileCommand } from "./reconcile.ts";
import { addSteering } from "./steer.ts";
import { connectWorker, type WorkerClient } from "./worker-client.ts";

const program = new Command("nova")
  .description("Ask the running platform.")
  .option("--data-dir <folder>", "the data folder of the platform to ask", dataDirFromEnv())
  .exitOverride()
  .showHelpAfterError("(--help shows what there is)");

function worker(): Promise<WorkerClient> {
  return connectWorker(program.opts<{ dataDir: string }>().dataDir);
}

function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

program
  .command("status")
  .description("the four sources, and every dataset with its freshness")
  .option("--json", "as JSON")
  .action(async ({ json }: { json?: boolean }) => {
    const status = await fetchStatus(await worker());
    if (json === true) printJson(status);
    else print(statusText(status));
  });

const sources = program
  .command("sources")
  .description("the four sources; with a word behind it: check or steer one")
  .option("--json", "as JSON")
  .action(async ({ json }: { json?: boolean }) => {
    const status = await fetchStatus(await worker());
    if (json === true) printJson(status.sources);
    else print(sourcesText(status));
  });
addSourceCommands(sources, { worker, print, printJson });
addQuarantineCommand(sources, { worker, print, printJson });
addReconcileCommand(sources, { worker, print, printJson });
addDriftCommands(program, sources, { worker, print, printJson });

const datasets = program
  .command("datasets")
  .description("datasets whose name, columns or description hold every word")
  .argument("[search...]", "words, or middles of words")
  .option("--json", "as JSON")
  .action(async (search: string[], { json }: { json?: boolean }) => {
    const status = await fetchStatus(await worker(), search.join(" "));
    if (json === true) printJson(status.datasets);
    else print(datasetsText(status));
  });

program
  .command("query")
  .description("one SELECT in DuckDB's SQL over names like curated.orders")
  .argument("<sql>", "the SELECT")
  .option("--json", "as JSON: an array of objects")
  .option("--csv", "as CSV (RFC 4180)")
  .option("--as <email>", "with the grants of this person instead of the operator's")
  .action(async (sql: string, options: { json?: boolean; csv?: boolean; as?: string }) => {
    if (options.json === true && options.csv === true)
      throw new CommandFailure("usage", "--json and --csv: choose one");
    const format: QueryFormat = options.json === true ? "json" : options.csv === true ? "csv" : "table";
    const answer = await runQuery(await worker(), sql, options.as);
    print(answerText(answer, format));
    for (const note of answerNotes(answer)) process.stderr.write(`${note}\n`);
  });

const runs = program
  .command("runs")
  .description("runs, newest first; with a word behind it: show one")
  .option("--state <state>", "queued, running, succeeded, failed or cancelled")
  .option("--dataset <name>", "runs with a step for this dataset")
  .option("--by-day", "days of the dataset instead, also of runs that were removed since")
  .option("--limit <number>", "at most this many", "20")
  .option("--json", "as JSON")
  .action(async ({ json, byDay, ...options }: RunsOptions & { json?: boolean; byDay?: boolean }) => {
    if (byDay === true) {
      if (options.dataset === undefined) throw new CommandFailure("usage", "--by-day wants --dataset <name>");
      const days = await fetchRunDays(await worker(), options);
      return json === true ? printJson(days) : print(runDaysText(days));
    }
    const listed = await fetchRuns(await worker(), options);
    if (json === true) printJson(listed);
    else print(runsText(listed));
  });
addShowRun(runs, { worker, print, printJson });
addDiffs(runs, datasets, { worker, print, printJson });
addMarkRun(runs, { worker, print, printJson });
addUnmarkRun(runs, { worker, print, printJson });

addSteering(program, { worker, print, printJson });
addBackfills(program, { worker, print, printJson });
addPartitions(program, { worker, print, printJson });
addSchedules(program, { worker, print, printJson });
addCost(program, { worker, print, printJson });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exit;
  } else if (error instanceof CommanderError) {
    // It has printed its own message; help is no failure.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else throw error;
}
