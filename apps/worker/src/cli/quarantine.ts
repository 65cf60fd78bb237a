import type { Command } from "commander";
import { z } from "zod";
import { textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

interface QuarantineDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

const groupSchema = z.object({
  reason: z.string(),
  stream: z.string().nullable(),
  count: z.number(),
  lastAt: z.string(),
  why: z.string().nullable(),
  detail: z.string(),
  sample: z.string(),
  replay: z.object({ at: z.string(), rows: z.number(), cameBack: z.number() }).nullable(),
});
type Group = z.infer<typeof groupSchema>;

/** `nova sources quarantine <source>`: what could not be accepted, and what replays of it came to. */
export function addQuarantineCommand(sources: Command, { worker, print, printJson }: QuarantineDeps): void {
  sources
    .command("quarantine")
    .description("rows that could not be accepted, by reason and stream, with what the last replay came to")
    .argument("<source>", "the source")
    .option("--samples", "also the newest row of each, its values masked")
    .option("--as <email>", "with the rights of this person instead of the operator's")
    .option("--json", "as JSON")
    .action(async (source: string, { samples, as }: { samples?: boolean; as?: string }, command: Command) => {
      const email = as === undefined ? {} : { email: as };
      const groups = await (await worker()).get(`/sources/${source}/quarantine`, email, z.array(groupSchema));
      if (command.optsWithGlobals<{ json?: boolean }>().json === true) printJson(groups);
      else print(quarantineText(groups, samples === true));
    });
}

export function quarantineText(groups: readonly Group[], samples: boolean): string {
  if (groups.length === 0) return "nothing is in quarantine";
  const table = textTable(
    [
      { title: "ROWS", value: (row) => String(row.count) },
      { title: "REASON", value: (row) => row.reason },
      { title: "STREAM", value: (row) => row.stream ?? "" },
      { title: "LAST", value: (row) => row.lastAt },
      {
        title: "LAST REPLAY",
        value: ({ replay }) =>
          replay === null ? "" : `${replay.rows} rows at ${replay.at}, ${replay.cameBack} refused again`,
      },
      { title: "WHY", value: (row) => row.detail },
    ],
    groups,
  );
  return samples ? [table, ...groups.map(({ reason, sample }) => `\n${reason}:\n${sample}`)].join("\n") : table;
}
