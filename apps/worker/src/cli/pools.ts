import { type PoolPlace, type PoolState, poolStatesSchema } from "@nova/pipeline-core/orchestration";
import type { Command } from "commander";
import { askCommand, askedText, type AskOptions, parseRequest } from "./ask-command.ts";
import { textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

interface PoolDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

type Common = AskOptions & { readonly json?: boolean; readonly reason: string };

/** `nova pools [set <pool> <places> | reset <pool>]`; the same as the card on the screen of pipelines. */
export function addPools(program: Command, { worker, print, printJson }: PoolDeps): void {
  const pools = program
    .command("pools")
    .description("concurrency pools: their size, who has places and who waits; with a word behind it: size one")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const states = await (await worker()).get("/pools", {}, poolStatesSchema);
      if (json === true) printJson(states);
      else print(poolsText(states));
    });
  const steering = (usage: string, description: string): Command =>
    pools
      .command(usage)
      .description(description)
      .requiredOption("--reason <text>", "why; it stands in the audit and beside the pool")
      .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
      .option("--key <text>", "idempotency key: sent again with the same key, it is the same command")
      .option("--json", "as JSON");
  const ask = async (wanted: unknown, options: Common, command: Command): Promise<void> => {
    const asked = await askCommand(await worker(), parseRequest(wanted), options);
    if (command.optsWithGlobals<Common>().json === true) printJson(asked);
    else print(askedText(asked));
  };
  steering("set <pool> <places>", "let as many of its steps run at once, from now on and after a restart").action(
    (target: string, places: string, options: Common, command: Command) =>
      ask({ kind: "set-pool", target, places: Number(places), reason: options.reason }, options, command),
  );
  steering("reset <pool>", "as many places again as the code says").action(
    (target: string, options: Common, command: Command) =>
      ask({ kind: "reset-pool", target, reason: options.reason }, options, command),
  );
}

export function poolsText(pools: readonly PoolState[]): string {
  return textTable(
    [
      { title: "POOL", value: ({ name }) => name },
      { title: "PLACES", value: ({ running, size }) => `${running.length} of ${size}`, right: true },
      { title: "BY THE CODE", value: ({ declared }) => String(declared), right: true },
      { title: "HAS A PLACE", value: ({ running }) => placesText(running) },
      { title: "WAITS", value: ({ waiting }) => placesText(waiting) },
      { title: "CHANGED", value: ({ changed }) => (changed === null ? "–" : `by ${changed.by}: ${changed.reason}`) },
    ],
    pools,
  );
}

function placesText(places: readonly PoolPlace[]): string {
  return places.map(({ dataset }) => dataset ?? "tidying of a table").join(", ") || "–";
}
