import { setTimeout as sleep } from "node:timers/promises";
import { LEFT_WHY, RECONCILIATION_STATES } from "@nova/pipeline-core/connectors";
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
  readonly all?: boolean;
}

const comparisonSchema = z.object({
  id: z.string(),
  source: z.string(),
  stream: z.string(),
  state: z.enum(RECONCILIATION_STATES),
  requestedAt: z.string(),
  outcome: z
    .object({
      message: z.string(),
      sourceRows: z.number(),
      datasetRows: z.number(),
      differences: z.number(),
      moving: z.number(),
      quarantined: z.number().default(0),
      repaired: z.number(),
      keys: z.array(z.object({ key: z.record(z.string(), z.string()), kind: z.string() })),
      leftOut: z.array(z.string()),
    })
    .nullable(),
});
type Comparison = z.infer<typeof comparisonSchema>;
type All = z.infer<typeof allSchema>;
const allSchema = z.object({
  asked: z.array(comparisonSchema),
  left: z.array(z.object({ stream: z.string(), why: z.enum(LEFT_WHY) })),
});

const LOOK_EVERY_MILLIS = 500;
const SHOWN_KEYS = 20;

/** `nova sources reconcile <source> [stream]`: compares a stream, or all, with the datasets, or tells of the last comparisons. */
export function addReconcileCommand(sources: Command, { worker, print, printJson }: ReconcileDeps): void {
  sources
    .command("reconcile")
    .description(
      "compare a stream with its dataset by counts and checksums per key range; without one: the last comparisons",
    )
    .argument("<source>", "the source")
    .argument("[stream]", "the table, as public.orders")
    .option("--all", "every stream of the source; fails unless each is equal, or cannot be compared")
    .option("--repair", "read just the keys again that differ, and compare once more")
    .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
    .option("--json", "as JSON")
    .action(async (source: string, stream: string | undefined, flags: Flags, command: Command) => {
      if (stream !== undefined && flags.all === true)
        throw new CommandFailure("usage", "name one stream or give --all, not both");
      const client = await worker();
      const path = `/sources/${encodeURIComponent(source)}/reconciliations`;
      const json = command.optsWithGlobals<Flags>().json === true;
      const body = { repair: flags.repair === true, ...(flags.as === undefined ? {} : { email: flags.as }) };
      if (flags.all === true) {
        const begun = performance.now();
        const all = await client.post(`${path}/all`, body, allSchema);
        const ended: Comparison[] = [];
        for (const asked of all.asked) {
          const at = await settled(client, path, asked);
          ended.push(at);
          if (!json)
            print(
              `[${String(ended.length).padStart(String(all.asked.length).length)}/${all.asked.length}] ${comparisonText(at)}`,
            );
        }
        const seconds = Math.round((performance.now() - begun) / 1000);
        if (json) printJson({ asked: ended, left: all.left, seconds });
        else print(totalsText(source, ended, all.left, seconds));
        const unproven = unprovenOf(ended, all.left);
        if (unproven > 0) throw new CommandFailure("failed", `${unproven} of ${source} are not proven equal`);
      } else if (stream === undefined) {
        const list = await client.get(path, {}, z.array(comparisonSchema));
        if (json) printJson(list);
        else print(comparisonsText(list));
      } else {
        const at = await settled(client, path, await client.post(path, { stream, ...body }, comparisonSchema));
        if (json) printJson(at);
        else print(comparisonText(at));
        if (at.state === "different" || at.state === "failed")
          throw new CommandFailure("failed", `${stream} is not proven equal to its dataset`);
      }
    });
}

/** The comparison once it has an outcome; all of a source are worked on at once, so waiting for each in turn is no detour. */
async function settled(client: WorkerClient, path: string, asked: Comparison): Promise<Comparison> {
  let at = asked;
  while (at.state === "asked" || at.state === "running") {
    await sleep(LOOK_EVERY_MILLIS);
    at = await client.get(`${path}/${at.id}`, {}, comparisonSchema);
  }
  return at;
}

/** How many differ, failed, or do not stream although nobody paused them. */
function unprovenOf(ended: readonly Comparison[], left: All["left"]): number {
  const wrong = ended.filter(({ state }) => state === "different" || state === "failed");
  return wrong.length + left.filter(({ why }) => why !== "no-key" && why !== "paused").length;
}

/** One line with the counts of all, and one that names what was not compared. */
export function totalsText(source: string, ended: readonly Comparison[], left: All["left"], seconds: number): string {
  const count = (state: Comparison["state"]): number => ended.filter((each) => each.state === state).length;
  const sum = (of: (outcome: NonNullable<Comparison["outcome"]>) => number): string =>
    ended.reduce((all, { outcome }) => all + (outcome === null ? 0 : of(outcome)), 0).toLocaleString("en");
  const states = (["equal", "repaired", "different", "failed"] as const).map((state) => `${count(state)} ${state}`);
  const rows = `${sum((each) => each.sourceRows)} rows in the source, ${sum((each) => each.datasetRows)} in the datasets`;
  const refused = ended.reduce((all, { outcome }) => all + (outcome?.quarantined ?? 0), 0);
  const keys = `${sum((each) => each.differences)} keys differ, ${sum((each) => each.repaired)} were repaired, ${sum((each) => each.moving)} changed all the time and were not judged`;
  return [
    ...(refused === 0 ? [] : [`in quarantine: ${refused.toLocaleString("en")} rows; ${quarantineHint(source)}`]),
    `${source}: ${ended.length} streams compared in ${seconds} s: ${states.join(", ")}; ${rows}; ${keys}`,
    ...(left.length === 0
      ? []
      : [`not compared: ${left.map(({ stream, why }) => `${stream} (${LEFT_WORDS[why]})`).join(", ")}`]),
  ].join("\n");
}

const LEFT_WORDS: Record<All["left"][number]["why"], string> = {
  "no-key": "no key",
  waiting: "not read yet",
  snapshotting: "its rows are being read",
  streaming: "streams",
  paused: "paused",
  failed: "failed",
};

function quarantineHint(source: string): string {
  return `nova sources quarantine ${source} --samples`;
}

export function comparisonText({ source, stream, outcome }: Comparison): string {
  if (outcome === null) return `${stream}: under way`;
  const keys = outcome.keys.slice(0, SHOWN_KEYS).map(({ key, kind }) => `  ${kind.padEnd(9)}  ${JSON.stringify(key)}`);
  const more = outcome.keys.length > SHOWN_KEYS ? [`  and more; --json lists ${outcome.keys.length}`] : [];
  const left = outcome.leftOut.length > 0 ? [`  not compared: ${outcome.leftOut.join(", ")}`] : [];
  const refused = outcome.quarantined > 0 ? [`  in quarantine: ${quarantineHint(source)}`] : [];
  return [`${stream}: ${outcome.message}`, ...keys, ...more, ...refused, ...left].join("\n");
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
