import { setTimeout as sleep } from "node:timers/promises";
import { RECONCILIATION_STATES } from "@nova/pipeline-core/connectors";
import type { Command } from "commander";
import { z } from "zod";
import { CommandFailure } from "./command-failure.ts";
import { textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

interface ReconcileDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

interface Flags {
  readonly json?: boolean;
  readonly as?: string;
  readonly repair?: boolean;
}

const comparisonSchema = z.object({
  id: z.string(),
  stream: z.string(),
  state: z.enum(RECONCILIATION_STATES),
  requestedAt: z.string(),
  outcome: z
    .object({
      message: z.string(),
      keys: z.array(z.object({ key: z.record(z.string(), z.string()), kind: z.string() })),
      leftOut: z.array(z.string()),
    })
    .nullable(),
});
type Comparison = z.infer<typeof comparisonSchema>;

const LOOK_EVERY_MILLIS = 500;
const SHOWN_KEYS = 20;

/** `nova sources reconcile <source> [stream]`: compares a stream with its dataset, or tells of the last comparisons. */
export function addReconcileCommand(sources: Command, { worker, print, printJson }: ReconcileDeps): void {
  sources
    .command("reconcile")
    .description(
      "compare a stream with its dataset by counts and checksums per key range; without one: the last comparisons",
    )
    .argument("<source>", "the source")
    .argument("[stream]", "the table, as public.orders")
    .option("--repair", "read just the keys again that differ, and compare once more")
    .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
    .option("--json", "as JSON")
    .action(async (source: string, stream: string | undefined, flags: Flags, command: Command) => {
      const client = await worker();
      const path = `/sources/${encodeURIComponent(source)}/reconciliations`;
      const { json } = command.optsWithGlobals<Flags>();
      if (stream === undefined) {
        const list = await client.get(path, {}, z.array(comparisonSchema));
        return json === true ? printJson(list) : print(comparisonsText(list));
      }
      const email = flags.as === undefined ? {} : { email: flags.as };
      let at = await client.post(path, { stream, repair: flags.repair === true, ...email }, comparisonSchema);
      while (at.state === "asked" || at.state === "running") {
        await sleep(LOOK_EVERY_MILLIS);
        at = await client.get(`${path}/${at.id}`, {}, comparisonSchema);
      }
      if (json === true) printJson(at);
      else print(comparisonText(at));
      if (at.state === "different" || at.state === "failed")
        throw new CommandFailure("failed", `${stream} is not proven equal to its dataset`);
    });
}

export function comparisonText({ stream, outcome }: Comparison): string {
  if (outcome === null) return `${stream}: under way`;
  const keys = outcome.keys.slice(0, SHOWN_KEYS).map(({ key, kind }) => `  ${kind.padEnd(9)}  ${JSON.stringify(key)}`);
  const more = outcome.keys.length > SHOWN_KEYS ? [`  and more; --json lists ${outcome.keys.length}`] : [];
  const left = outcome.leftOut.length > 0 ? [`  not compared: ${outcome.leftOut.join(", ")}`] : [];
  return [`${stream}: ${outcome.message}`, ...keys, ...more, ...left].join("\n");
}

export function comparisonsText(list: readonly Comparison[]): string {
  if (list.length === 0) return "nothing was compared yet; name a stream";
  return textTable(
    [
      { title: "STREAM", value: (row) => row.stream },
      { title: "STATE", value: (row) => row.state },
      { title: "ASKED", value: (row) => row.requestedAt },
      { title: "FOUND", value: (row) => row.outcome?.message ?? "" },
    ],
    list,
  );
}
