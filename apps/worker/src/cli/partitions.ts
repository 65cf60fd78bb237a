import { parametersText } from "@nova/pipeline-core/catalog";
import {
  type Day,
  dayNumber,
  dayOf,
  daySchema,
  type GateState,
  gateStatesSchema,
  intersectRanges,
  PARTITION_STATES,
  type PartitionState,
} from "@nova/pipeline-core/orchestration";
import type { Command } from "commander";
import { z } from "zod";
import { CommandFailure } from "./command-failure.ts";
import { count, shortSpan, textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

interface PartitionDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

const partitionsSchema = z
  .object({
    surveyedAt: z.coerce.date(),
    spans: z.array(
      z.object({
        from: daySchema,
        to: daySchema,
        state: z.enum(PARTITION_STATES),
        partitions: z.number(),
        /** Null: the span was cut, and rows are known of the whole only. */
        rows: z.number().nullable(),
      }),
    ),
    /** Days that stand by other parameters than the defaults. */
    marked: z.array(
      z.object({
        from: daySchema,
        to: daySchema,
        parameters: z.record(z.string(), z.string()),
        runId: z.string(),
        at: z.coerce.date(),
      }),
    ),
  })
  .nullable();
const landingSchema = z
  .object({
    spanSeconds: z.number().nullable(),
    targetLagSeconds: z.number(),
    points: z.array(
      z.object({ at: z.coerce.date(), runs: z.number(), medianSeconds: z.number(), worstSeconds: z.number() }),
    ),
  })
  .nullable();
type Partitions = NonNullable<z.infer<typeof partitionsSchema>>;
type Span = Partitions["spans"][number];
type Landing = NonNullable<z.infer<typeof landingSchema>>;

/** Cells of the bar: it fits a terminal of 80. */
const CELLS = 72;
/** Of a long list of ranges, the newest. */
const MOST_RANGES = 30;
/** How a cell is drawn, the worst first: a cell of several days shows the worst of them, as on screen. */
const CELL: Record<PartitionState, { readonly mark: string; readonly word: string }> = {
  failed: { mark: "x", word: "failed" },
  missing: { mark: ".", word: "missing" },
  running: { mark: ">", word: "running" },
  queued: { mark: "~", word: "queued" },
  empty: { mark: "_", word: "without rows" },
  present: { mark: "#", word: "ready" },
};
const WORST_FIRST = ["failed", "missing", "running", "queued", "empty", "present"] as const;

type WaitingDays = GateState["days"];

async function waitingDays(client: WorkerClient, dataset: string): Promise<WaitingDays> {
  const gates = await client.get("/gates", {}, gateStatesSchema);
  return gates.find((gate) => gate.dataset === dataset)?.days ?? [];
}

function waitingLines(days: WaitingDays): string[] {
  return days.map(
    ({ day, value, until }) =>
      `${day} waits at the gate: its check gives ${value ?? "no row"}${until === null ? "" : `; computed as it is from ${until.toISOString().slice(0, 16)}Z on`}`,
  );
}

/** `nova partitions <dataset>` and `nova landing <dataset>`: what the tab *Partitions* of a dataset shows. */
export function addPartitions(program: Command, { worker, print, printJson }: PartitionDeps): void {
  program
    .command("partitions <dataset>")
    .description("days of a dataset: which are ready, missing, failed, queued or running")
    .option("--from <day>", "from this UTC day on")
    .option("--to <day>", "up to this UTC day")
    .option("--json", "as JSON")
    .action(async (dataset: string, { json, ...days }: { json?: boolean; from?: string; to?: string }) => {
      const from = dayGiven("--from", days.from);
      const to = dayGiven("--to", days.to);
      const found = await (await worker()).get("/partitions", { dataset }, partitionsSchema);
      const within =
        found === null
          ? null
          : { ...found, spans: clipped(found.spans, from, to), marked: markedWithin(found, from, to) };
      const waiting = await waitingDays(await worker(), dataset);
      if (json === true) printJson(within === null ? null : { ...within, waiting });
      else print([partitionsText(dataset, within), ...waitingLines(waiting)].join("\n"));
    });
  program
    .command("landing <dataset>")
    .description("how long after their own time rows were there, by day, beside the target lag")
    .option("--json", "as JSON")
    .action(async (dataset: string, { json }: { json?: boolean }) => {
      const landing = await (await worker()).get("/landing", { dataset }, landingSchema);
      if (json === true) printJson(landing);
      else print(landingText(dataset, landing));
    });
}

function dayGiven(flag: string, day: string | undefined): Day | null {
  if (day === undefined) return null;
  const parsed = daySchema.safeParse(day);
  if (!parsed.success) throw new CommandFailure("usage", `${flag}: ${parsed.error.issues[0]?.message}`);
  return parsed.data;
}

function markedWithin({ marked }: Partitions, from: Day | null, to: Day | null): Partitions["marked"] {
  return marked.filter((one) => (to === null || one.from <= to) && (from === null || one.to >= from));
}

function clipped(spans: readonly Span[], from: Day | null, to: Day | null): Span[] {
  const wanted = { from: from ?? "0001-01-01", to: to ?? "9999-12-31" };
  return spans.flatMap((span) =>
    intersectRanges([span], [wanted]).map((range) => {
      const partitions = dayNumber(range.to) - dayNumber(range.from) + 1;
      return { ...span, ...range, partitions, rows: partitions === span.partitions ? span.rows : null };
    }),
  );
}

export function partitionsText(dataset: string, found: Partitions | null): string {
  if (found === null) return `${dataset} is not cut into days, or nobody has looked at its days yet`;
  const { spans, surveyedAt, marked } = found;
  const [first] = spans;
  const last = spans.at(-1);
  const looked = `as of ${surveyedAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  if (first === undefined || last === undefined) return `${dataset} has no days there, ${looked}`;
  const days = dayNumber(last.to) - dayNumber(first.from) + 1;
  const perCell = Math.ceil(days / CELLS);
  const counts = WORST_FIRST.toReversed().flatMap((state) => {
    const partitions = spans.reduce((sum, span) => sum + (span.state === state ? span.partitions : 0), 0);
    return partitions === 0 ? [] : [`${CELL[state].mark} ${count(partitions)} ${CELL[state].word}`];
  });
  const odd = spans.filter(({ state }) => state !== "present");
  const shown = odd.slice(-MOST_RANGES);
  return [
    `${dataset}, ${count(days)} ${days === 1 ? "day" : "days"} from ${first.from} to ${last.to}, ${looked}`,
    `[${barOf(spans, dayNumber(first.from), days, perCell)}]${perCell === 1 ? "" : ` ${perCell} days a character, the worst of them`}`,
    counts.join("   "),
    ...(shown.length === 0 ? [] : ["", rangesTable(shown)]),
    ...(odd.length > shown.length ? [`and ${count(odd.length - shown.length)} ranges before them`] : []),
    ...(marked.length === 0 ? [] : ["", markedTable(marked)]),
  ].join("\n");
}

/** Spans come in order and without gaps; cost follows spans and cells, not days. */
function barOf(spans: readonly Span[], start: number, days: number, perCell: number): string {
  const cells = Array.from({ length: Math.ceil(days / perCell) }, () => WORST_FIRST.length - 1);
  for (const { from, to, state } of spans) {
    const rank = WORST_FIRST.indexOf(state);
    const end = Math.floor((dayNumber(to) - start) / perCell);
    for (let cell = Math.floor((dayNumber(from) - start) / perCell); cell <= end; cell += 1)
      cells[cell] = Math.min(cells[cell] ?? rank, rank);
  }
  return cells.map((rank) => CELL[WORST_FIRST[rank] ?? "present"].mark).join("");
}

function rangesTable(spans: readonly Span[]): string {
  return textTable(
    [
      { title: "DAYS", value: ({ from, to }) => (from === to ? from : `${from} to ${to}`) },
      { title: "STATE", value: ({ state }) => CELL[state].word },
      { title: "PARTITIONS", value: ({ partitions }) => count(partitions), right: true },
      { title: "ROWS", value: ({ rows }) => count(rows), right: true },
    ],
    spans,
  );
}

/** Days that are stale in a way: a refresh would compute them by the defaults. */
function markedTable(marked: Partitions["marked"]): string {
  return textTable(
    [
      { title: "BY OTHER PARAMETERS", value: ({ from, to }) => (from === to ? from : `${from} to ${to}`) },
      { title: "VALUES", value: ({ parameters }) => parametersText(parameters) },
      { title: "RUN", value: ({ runId }) => runId.slice(0, 8) },
      { title: "SINCE (UTC)", value: ({ at }) => at.toISOString().slice(0, 16).replace("T", " ") },
    ],
    marked,
  );
}

export function landingText(dataset: string, landing: Landing | null): string {
  if (landing === null) return `there is no dataset ${dataset}`;
  const { points, spanSeconds, targetLagSeconds } = landing;
  if (spanSeconds === null || points.length === 0) return `${dataset} had no run in 30 days that landed data`;
  const table = textTable(
    [
      { title: "FROM (UTC)", value: ({ at }) => timeOf(at, spanSeconds) },
      { title: "RUNS", value: ({ runs }) => count(runs), right: true },
      { title: "MEDIAN", value: ({ medianSeconds }) => shortSpan(medianSeconds), right: true },
      { title: "WORST", value: ({ worstSeconds }) => shortSpan(worstSeconds), right: true },
      { title: "TARGET LAG", value: ({ worstSeconds }) => (worstSeconds > targetLagSeconds ? "passed" : "kept") },
    ],
    points,
  );
  return `${dataset} by ${shortSpan(spanSeconds)}; its target lag is ${shortSpan(targetLagSeconds)}\n${table}`;
}

function timeOf(at: Date, spanSeconds: number): string {
  return spanSeconds >= 86_400
    ? dayOf(Math.floor(at.getTime() / 86_400_000))
    : at.toISOString().slice(0, 16).replace("T", " ");
}
