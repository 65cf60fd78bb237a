/**
 * What pipelines have to reach, each figure with its goal, as a table and JSON (`bench-results/pipelines.json`).
 * `npm run bench -- pipelines [--only steps|start|backfill|refresh|pages] [--rows 10000000] [--large] [--runs 1000000]`.
 * `--large` adds the table ten times as large, and how many times as long a refresh takes there (about 3 GB of disk in the
 * folder for temporary files, ten minutes of two cores).
 * Where `python3` can import dagster, Dagster runs the same graph of no-op steps, and its figure stands beside ours.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Figure } from "./figures.ts";
import { measureBackfill } from "./pipelines/measure-backfill.ts";
import { measurePages } from "./pipelines/measure-pages.ts";
import { measureRefresh } from "./pipelines/measure-refresh.ts";
import { measureStart, measureSteps } from "./pipelines/measure-steps.ts";

const PARTS = ["steps", "start", "backfill", "refresh", "pages"] as const;
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rows: { type: "string", default: "10000000" },
    large: { type: "boolean", default: false },
    runs: { type: "string", default: "1000000" },
  },
});
const rows = Number(values.rows);
const measures: Record<(typeof PARTS)[number], () => Promise<Figure[]>> = {
  steps: () => measureSteps(1_000),
  start: () => measureStart(200),
  backfill: () => measureBackfill(10_000, 5),
  refresh: () => measureRefresh(values.large ? [rows, rows * 10] : [rows], 10_000),
  pages: () => measurePages(Number(values.runs)),
};
if (values.only !== undefined && !PARTS.some((part) => part === values.only))
  throw new Error(`--only must be one of ${PARTS.join(", ")}`);

const figures: Figure[] = [];
for (const part of PARTS) {
  if (values.only !== undefined && values.only !== part) continue;
  console.error(`measuring ${part} …`);
  figures.push(...(await measures[part]()));
}
console.table(
  Object.fromEntries(
    figures.map(({ what, figure, unit, goal, beside }) => [what, { figure, unit, goal, ...(beside && { beside }) }]),
  ),
);
const result = { at: new Date().toISOString(), load: loadavg(), rows, runs: Number(values.runs), figures };
const folder = join(import.meta.dirname, "..", "..", "..", "bench-results");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "pipelines.json"), `${JSON.stringify(result, null, 2)}\n`);
