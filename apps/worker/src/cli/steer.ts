import type { Command } from "commander";
import { askCommand, askedText, type AskOptions, parseRequest } from "./ask-command.ts";
import { CommandFailure } from "./command-failure.ts";
import { addPools } from "./pools.ts";
import { fetchWhy, whyText } from "./show-why.ts";
import type { WorkerClient } from "./worker-client.ts";

interface SteerDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

type Common = AskOptions & { readonly json?: boolean };
interface RetryFlags extends Common {
  readonly all?: boolean;
  readonly failed?: boolean;
  readonly dataset?: string[];
  readonly from?: string;
}

/** The commands that people steer runs with; the same as the buttons of the portal. */
export function addSteering(program: Command, { worker, print, printJson }: SteerDeps): void {
  const steering = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
      .option("--key <text>", "idempotency key: sent again with the same key, it is the same command")
      .option("--json", "as JSON");
  const ask = async (wanted: unknown, { json, ...options }: Common): Promise<void> => {
    const asked = await askCommand(await worker(), parseRequest(wanted), options);
    if (json === true) printJson(asked);
    else print(askedText(asked));
  };

  steering("run <dataset>", "run a dataset now; what is there already from the same inputs and code is skipped")
    .option("--downstream", "also everything made from it")
    .option("--wait", "until the run has ended")
    .action((target: string, { downstream, ...options }: Common & { downstream?: boolean }) =>
      ask({ kind: "run-dataset", target, downstream: downstream === true }, options),
    );
  steering("cancel <run>", "cancel a run: waiting steps end, running ones are interrupted and publish nothing").action(
    (target: string, options: Common) => ask({ kind: "cancel-run", target }, options),
  );
  steering("retry <run>", "do steps of a run again, as a new run linked to it")
    .option("--all", "every step")
    .option("--failed", "those that failed or were cancelled, and those that waited for them (the default)")
    .option("--dataset <name...>", "these steps")
    .option("--from <dataset>", "this step and every one after it")
    .option("--wait", "until the run has ended")
    .action((target: string, { all, failed, dataset, from, ...options }: RetryFlags) =>
      ask({ kind: "retry-run", target, ...retryScope({ all, failed, dataset, from }) }, options),
    );
  steering(
    "rollback <dataset>",
    "take a dataset back to the snapshot before a run; it stays there until released or run",
  )
    .requiredOption("--run <run>", "the run whose change is undone")
    .action((target: string, { run, ...options }: Common & { run: string }) =>
      ask({ kind: "rollback-dataset", target, runId: run }, options),
    );
  steering("release <dataset>", "let a rolled-back dataset catch up again").action((target: string, options: Common) =>
    ask({ kind: "release-dataset", target }, options),
  );
  steering("pause <pipeline>", "start nothing of a pipeline by itself until it is resumed").action(
    (target: string, options: Common) => ask({ kind: "pause-pipeline", target }, options),
  );
  steering("resume <pipeline>", "let a paused pipeline go on").action((target: string, options: Common) =>
    ask({ kind: "resume-pipeline", target }, options),
  );

  program
    .command("why <dataset>")
    .description("why a dataset is not running: every condition of the scheduler with its value")
    .option("--json", "as JSON")
    .action(async (dataset: string, { json }: { json?: boolean }) => {
      const why = await fetchWhy(await worker(), dataset);
      if (json === true) printJson(why);
      else print(whyText(why));
    });
  addPools(program, { worker, print, printJson });
}

/** Exactly one scope; none said means what failed. Throws `CommandFailure` for two. */
export function retryScope({
  all,
  failed,
  dataset,
  from,
}: { [Flag in "all" | "failed" | "dataset" | "from"]: RetryFlags[Flag] }) {
  const given = [all, failed, dataset, from].filter((flag) => flag !== undefined);
  if (given.length > 1) throw new CommandFailure("usage", "--all, --failed, --dataset, --from: choose one");
  if (all === true) return { scope: "all", datasets: [] };
  if (dataset !== undefined) return { scope: "selected", datasets: dataset };
  return from === undefined ? { scope: "failed", datasets: [] } : { scope: "from", datasets: [from] };
}
