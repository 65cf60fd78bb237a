import type { Command } from "commander";
import { askCommand, askedText, type AskOptions, parseRequest } from "./ask-command.ts";
import type { WorkerClient } from "./worker-client.ts";

interface MarkDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

type UnmarkFlags = Omit<Flags, "reason">;
type Flags = AskOptions & { readonly json?: boolean; readonly step?: readonly string[]; readonly reason: string };

/** `nova runs mark <run> done|failed`; the same as the dialog on the page of a run. */
export function addMarkRun(runs: Command, { worker, print, printJson }: MarkDeps): void {
  runs
    .command("mark <run> <as>")
    .description("say by hand what became of steps: done (what waited goes on) or failed; changes no rows")
    .requiredOption("--reason <text>", "why; it stands in the audit and on the step")
    .option("--step <dataset...>", "these steps; else every one that failed (done) or has not ended (failed)")
    .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
    .option("--key <text>", "idempotency key: sent again with the same key, it is the same command")
    .option("--json", "as JSON")
    .action(async (target: string, as: string, { json, step, reason, ...options }: Flags, command: Command) => {
      const wanted = { kind: "mark-run", target, as, datasets: step ?? [], reason };
      const asked = await askCommand(await worker(), parseRequest(wanted), options);
      if (json === true || command.optsWithGlobals<Flags>().json === true) printJson(asked);
      else print(askedText(asked));
    });
}

/** `nova runs unmark <run>`; the same as *Undo* and *Take back marks…* on the page of a run. */
export function addUnmarkRun(runs: Command, { worker, print, printJson }: MarkDeps): void {
  runs
    .command("unmark <run>")
    .description("take marks as done back, while nothing went on from them: the steps stand as before")
    .option("--step <dataset...>", "these steps; else every one that is marked as done")
    .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
    .option("--key <text>", "idempotency key: sent again with the same key, it is the same command")
    .option("--json", "as JSON")
    .action(async (target: string, { json, step, ...options }: UnmarkFlags, command: Command) => {
      const wanted = { kind: "unmark-run", target, datasets: step ?? [] };
      const asked = await askCommand(await worker(), parseRequest(wanted), options);
      if (json === true || command.optsWithGlobals<UnmarkFlags>().json === true) printJson(asked);
      else print(askedText(asked));
    });
}
