import {
  DIFF_BASES,
  type DiffBase,
  equalShare,
  type KeptSnapshot,
  keptSnapshotsSchema,
  rowDiffWords,
  type RowDiff,
  schemaDiffWords,
  rowDiffStatusSchema,
  shareText,
  sideWords,
  type SnapshotPair,
  STEP_STATES,
  stepPair,
  type TableDiffSummary,
  tableDiffSummarySchema,
} from "@nova/pipeline-core/orchestration";
import type { Command } from "commander";
import { z } from "zod";
import { CommandFailure } from "./command-failure.ts";
import { count, textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

const text = z.string();
const stepSchema = z.object({
  state: z.enum(STEP_STATES),
  snapshotBefore: text.nullable(),
  snapshotAfter: text.nullable(),
});
const comparedSchema = z.object({
  compared: z.array(z.object({ dataset: text, now: stepSchema, lastGood: stepSchema.nullable() })),
});

interface DiffDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

interface Found {
  readonly dataset: string;
  /** Why there is nothing to compare. */
  readonly none?: string;
  readonly summary?: TableDiffSummary;
  /** Null when a snapshot has expired. */
  readonly rows?: RowDiff | null;
}

/** `nova runs diff`, `nova datasets diff`: two snapshots beside each other, rows and all; `nova datasets snapshots`: those there are. */
export function addDiffs(runs: Command, datasets: Command, { worker, print, printJson }: DiffDeps): void {
  const show = (found: readonly Found[], json: boolean | undefined): void => {
    if (json === true) printJson(found);
    else print(found.map(foundText).join("\n\n"));
  };
  runs
    .command("diff <run>")
    .description("what a run changed: schema and rows of its datasets beside those after the last good run")
    .option("--dataset <name>", "only this dataset")
    .option("--against <what>", `beside what: ${DIFF_BASES.join(" or ")}`, "last-good")
    .option("--as <email>", "with the grants of this person instead of the operator's")
    .option("--json", "as JSON")
    .action(async (id: string, options: { dataset?: string; against: string; as?: string; json?: boolean }) => {
      const base = DIFF_BASES.find((one) => one === options.against);
      if (base === undefined) throw new CommandFailure("usage", `--against must be ${DIFF_BASES.join(" or ")}`);
      const client = await worker();
      const { compared } = await client.get(`/runs/${encodeURIComponent(id)}/steps`, {}, comparedSchema);
      const asked = compared.filter(({ dataset }) => options.dataset === undefined || dataset === options.dataset);
      if (asked.length === 0)
        throw new CommandFailure("usage", `the run has no step that began for ${options.dataset ?? "any dataset"}`);
      const found: Found[] = [];
      for (const one of asked) found.push(await findStep(client, one, base, options.as));
      show(found, options.json);
    });
  datasets
    .command("snapshots <name>")
    .description("snapshots of a dataset that are still kept, newest first")
    .option("--json", "as JSON")
    .action(async (dataset: string, { json }: { json?: boolean }) => {
      const kept = await (await worker()).post("/diffs/snapshots", { dataset }, keptSnapshotsSchema);
      if (json === true) printJson(kept);
      else print(snapshotsText(kept));
    });
  datasets
    .command("diff <name>")
    .description(
      "two snapshots of a dataset beside each other, or the dataset here beside the one of another environment",
    )
    .option("--from <snapshot>", "the earlier snapshot")
    .option("--to <snapshot>", "the later snapshot")
    .option("--against <environment>", "in place of both: the dataset of this environment (NOVA_ENVIRONMENTS)")
    .option("--as <email>", "with the grants of this person instead of the operator's")
    .option("--json", "as JSON")
    .action(
      async (
        dataset: string,
        { from, to, against, as, json }: { from?: string; to?: string; against?: string; as?: string; json?: boolean },
      ) => {
        if (against !== undefined) {
          if (from !== undefined || to !== undefined)
            throw new CommandFailure(
              "usage",
              "--against stands in place of --from and --to: both sides are as they are now",
            );
          show([await findAgainst(await worker(), dataset, against, as)], json);
        } else if (from === undefined || to === undefined)
          throw new CommandFailure("usage", "say which snapshots, --from and --to, or --against an environment");
        else show([await findPair(await worker(), { dataset, before: from, after: to }, as)], json);
      },
    );
}

export function snapshotsText(kept: readonly KeptSnapshot[]): string {
  if (kept.length === 0) return "No snapshot: nothing was written yet.";
  return textTable<KeptSnapshot>(
    [
      { title: "SNAPSHOT", value: ({ snapshotId }) => snapshotId },
      { title: "COMMITTED", value: ({ committedAt }) => committedAt.toISOString().slice(0, 19) + "Z" },
      { title: "ROWS", value: ({ rows }) => count(rows), right: true },
      { title: "WROTE", value: ({ wrote, current }) => `${wrote}${current ? ", current" : ""}` },
    ],
    kept,
  );
}

async function findStep(
  client: WorkerClient,
  { dataset, now, lastGood }: z.infer<typeof comparedSchema>["compared"][number],
  base: DiffBase,
  email: string | undefined,
): Promise<Found> {
  const pair = stepPair(dataset, now, lastGood, base);
  return "none" in pair ? { dataset, none: pair.none } : findPair(client, pair.pair, email);
}

async function findPair(client: WorkerClient, pair: SnapshotPair, email: string | undefined): Promise<Found> {
  const summary = await client.post("/diffs/summary", pair, tableDiffSummarySchema);
  const { dataset } = pair;
  return { dataset, summary, rows: summary.rowsToRead === null ? null : await followRows(client, pair, email) };
}

async function findAgainst(
  client: WorkerClient,
  dataset: string,
  environment: string,
  email: string | undefined,
): Promise<Found> {
  const summary = await client.post("/diffs/against", { dataset, environment }, tableDiffSummarySchema);
  const { before, after, rowsToRead } = summary;
  const pair = { dataset, environment, before, after };
  return { dataset, summary, rows: rowsToRead === null ? null : await followRows(client, pair, email) };
}

const LOOK_AGAIN_MILLIS = 200;

async function followRows(client: WorkerClient, pair: SnapshotPair, email: string | undefined): Promise<RowDiff> {
  for (;;) {
    const ask = { ...pair, ...(email === undefined ? {} : { email }) };
    const { diff, error } = await client.post("/diffs/rows", ask, rowDiffStatusSchema);
    if (error !== null) throw new CommandFailure("failed", `${pair.dataset}: ${error.message}\n${error.remedy}`);
    if (diff !== null) return diff;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLIS));
  }
}

export function foundText({ dataset, none, summary, rows }: Found): string {
  if (summary === undefined) return `${dataset}: ${none ?? ""}`;
  const { before, after } = summary.snapshots;
  const side = ({ snapshotId, state, rows: total }: typeof before): string =>
    state === "empty" ? "no rows" : `${snapshotId} (${state === "expired" ? "expired" : `${count(total)} rows`})`;
  const schema = summary.schema === null ? [] : schemaDiffWords(summary.schema);
  return [
    summary.environment === undefined
      ? `${dataset}: ${side(before)} → ${side(after)}`
      : `${dataset}: in ${summary.environment} ${side(before)}, here ${side(after)}`,
    ...(summary.schema !== null && schema.length === 0 ? ["the same schema"] : schema),
    ...(rows === undefined || rows === null
      ? ["The rows cannot be compared any more: snapshots are kept for about an hour."]
      : rowsText(rows, sideWords(summary.environment))),
  ].join("\n");
}

function rowsText(diff: RowDiff, sides: ReturnType<typeof sideWords>): string[] {
  const changed = diff.columns.filter(({ different }) => different > 0);
  const row = (values: readonly (string | null)[]): string =>
    values.map((value, index) => `${diff.shown[index]?.name ?? ""} ${value ?? "∅"}`).join(", ");
  const only = (when: string, samples: RowDiff["samplesOnlyAfter"]): string[] =>
    samples.length === 0 ? [] : [`only ${when}, for example: ${samples.map(row).join("; ")}`];
  const masked = [...diff.shown, ...diff.columns].filter((column) => column.masked).map(({ name }) => name);
  return [
    rowDiffWords(diff, sides),
    ...(diff.note === null ? [] : [`whole rows were compared: ${diff.note}`]),
    ...(changed.length === 0
      ? []
      : [
          textTable<(typeof changed)[number]>(
            [
              { title: "COLUMN", value: ({ name }) => name },
              { title: "EQUAL", value: ({ different }) => shareText(equalShare(different, diff)), right: true },
              { title: "DIFFER", value: ({ different }) => count(different), right: true },
              {
                title: "FOR EXAMPLE",
                value: ({ samples: [one] }) =>
                  one === undefined ? "" : `${row(one.row)}: ${one.before ?? "∅"} → ${one.after ?? "∅"}`,
              },
            ],
            changed,
          ),
        ]),
    ...only(sides.before, diff.samplesOnlyBefore),
    ...only(sides.after, diff.samplesOnlyAfter),
    ...(masked.length === 0 ? [] : [`masked for you: ${masked.join(", ")}`]),
  ];
}
