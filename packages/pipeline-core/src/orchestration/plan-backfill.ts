import type { DatasetName, ParameterValues } from "../catalog/index.ts";
import { PlatformError } from "../kernel/index.ts";
import {
  type BackfillKind,
  type BackfillPlan,
  type BackfillScope,
  type BackfillSpec,
  daysPerRun,
  defaultPerRun,
  MAX_PARTITIONS,
  type PerRun,
  type PlannedDataset,
  type RiskyDataset,
} from "./backfill.ts";
import { costOfCut, cutsOf } from "./backfill-cuts.ts";
import { chunkRanges, countDays, type DayRange, dayAt, intersectRanges } from "./backfill-days.ts";
import type { BackfillDataset, BackfillFacts } from "./backfill-facts.ts";
import { parameterNotes, parametersOf } from "./backfill-parameters.ts";
import { daysInScope, rowsOfDays } from "./backfill-scope.ts";
import { downstreamOf } from "./plan-run.ts";

/** A dataset's own target lag leaves this share of itself for waiting. */
const SLACK = 0.65;

/** Datasets that a spec concerns, in order: the one named and, if wanted, all made from it. */
export function datasetsOf(spec: BackfillSpec, known: readonly BackfillDataset[]): DatasetName[] {
  return [spec.dataset, ...(spec.downstream ? downstreamOf(spec.dataset, known) : [])];
}

/**
 * The frozen plan of a backfill. Throws `invalid-input` for a range that is too large, in the future or before the history,
 * `not-found` for a dataset that cannot be done again, and `conflict` when nothing is to be done or another backfill is at it.
 * `fingerprint` is a hash of a text.
 */
export function planBackfill(
  spec: BackfillSpec,
  facts: BackfillFacts,
  fingerprint: (text: string) => string,
): BackfillPlan {
  refuseTooMany(countDays(spec.ranges), "the range");
  const known = new Map(facts.datasets.map((one) => [one.name, one]));
  const root = known.get(spec.dataset);
  if (root === undefined)
    throw new PlatformError(
      "not-found",
      `${spec.dataset} cannot be backfilled: there is no such dataset, or capture writes it`,
    );
  const kind = spec.kind ?? root.kind;
  if (kind !== root.kind && !(kind === "reread" && root.kind === "rebuild"))
    throw new PlatformError("invalid-input", `kind: ${spec.dataset} can be done by ${root.kind}, not by ${kind}`);
  const parameters = parametersOf(spec, root);
  const perRun = spec.perRun ?? defaultPerRun(root.options?.runs ?? "per_day");
  const asked = datasetsOf(spec, facts.datasets);
  const { names, unbuilt } = leaveOutUnbuilt(asked, known, facts);
  refuseCycle(names, known);
  refuseOpen(names, facts);
  const waves = wavesOf(names, known);
  const selected = daysInScope(spec, root, facts);
  const datasets = names
    .map((name) =>
      planDataset(name, {
        spec,
        facts,
        known,
        names,
        waves,
        selected,
        perRun,
        ...(name === root.name ? { kind, parameters } : {}),
      }),
    )
    .filter((one) => one.partitions > 0);
  const partitions = sum(datasets, (one) => one.partitions);
  refuseTooMany(partitions, "the plan");
  const affected = [...new Set(names.flatMap((name) => downstreamOf(name, facts.datasets)))]
    .filter((name) => !names.includes(name))
    .map((name) => ({ dataset: name, owner: known.get(name)?.owner ?? "" }));
  const atRisk = datasets.flatMap((one) => riskOf(one, known));
  const { parameters: _given, ...asGiven } = spec;
  const { runs, dollars } = costOfCut(datasets, perRun, facts);
  const frozen = {
    // As it is planned now, whatever the defaults are when it is submitted.
    spec: { ...asGiven, perRun, ...(parameters === undefined ? {} : { parameters }) },
    kind,
    datasets,
    partitions,
    runs,
    rows: sum(datasets, (one) => one.rows),
    bytes: sum(datasets, (one) => one.bytes),
    seconds: datasets.some((one) => one.seconds === null) ? null : sum(datasets, (one) => one.seconds ?? 0),
    dollars,
    ...(datasets.some((one) => one.ranges !== null) ? { cuts: cutsOf(datasets, perRun, facts) } : {}),
    affected,
    atRisk,
    notes: [
      ...notesOf(spec, root, kind, atRisk),
      ...(parameters === undefined ? [] : parameterNotes(root.name, parameters)),
      ...datasets.flatMap(({ dataset }) => {
        const late = facts.gated?.get(dataset);
        return late === undefined ? [] : [`${dataset} is done all the same: ${late}`];
      }),
      ...unbuilt.map(([name, input]) => `${name} is left out: ${input}, which it is made from, was never built`),
    ],
  };
  return {
    ...frozen,
    plannedAt: facts.now,
    hash: fingerprint(
      JSON.stringify([
        perRun,
        datasets.map((one) => [
          one.dataset,
          one.kind,
          one.wave,
          one.ranges,
          one.codeVersion,
          one.inputs,
          one.parameters ?? {},
        ]),
      ]),
    ).slice(0, 16),
  };
}

interface Planning {
  readonly spec: BackfillSpec;
  readonly facts: BackfillFacts;
  readonly known: ReadonlyMap<DatasetName, BackfillDataset>;
  readonly names: readonly DatasetName[];
  readonly waves: ReadonlyMap<DatasetName, number>;
  /** Only of the dataset named. */
  readonly kind?: BackfillKind;
  readonly parameters?: ParameterValues | undefined;
  readonly perRun: PerRun;
  /** Days of the dataset named; null: whole. */
  readonly selected: readonly DayRange[] | null;
}

function planDataset(
  name: DatasetName,
  { spec, facts, known, names, waves, kind, parameters, perRun, selected }: Planning,
): PlannedDataset {
  const dataset = known.get(name) as BackfillDataset;
  const after = dataset.inputs.filter((input) => names.includes(input));
  const ranges = name === spec.dataset ? selected : downstreamRanges(dataset, selected, spec, facts);
  const rowsIn = facts.partitions.get(name)?.days ?? [];
  const rows = ranges === null ? dataset.rows : rowsOfDays(rowsIn, ranges);
  const partitions = ranges === null ? 1 : countDays(ranges);
  const runs = ranges === null ? 1 : chunkRanges(ranges, daysPerRun(perRun)).length;
  const secondsEach = facts.seconds.get(name);
  return {
    dataset: name,
    kind: kind ?? dataset.kind,
    owner: dataset.owner,
    reason: name === spec.dataset ? SCOPE_REASON[spec.scope] : `made from ${after.join(", ")}`,
    after,
    wave: waves.get(name) ?? 0,
    ranges,
    partitions,
    runs,
    rows,
    bytes: dataset.rows === 0 ? 0 : Math.round(dataset.bytes * Math.min(1, rows / dataset.rows)),
    seconds: secondsEach === undefined ? null : Math.round(secondsEach * runs * 10) / 10,
    codeVersion: dataset.codeVersion,
    inputs: Object.fromEntries(dataset.inputs.map((input) => [input, facts.snapshots.get(input) ?? null])),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

const SCOPE_REASON: Record<BackfillScope, string> = {
  "missing-and-failed": "partitions without rows, and those whose last try failed",
  missing: "partitions without rows",
  failed: "partitions whose last try failed",
  all: "every partition asked for",
};

/** What follows from days are the same days; from a dataset done whole, the days asked for or all that it has. */
function downstreamRanges(
  { name, grain }: BackfillDataset,
  selected: readonly DayRange[] | null,
  spec: BackfillSpec,
  facts: BackfillFacts,
): readonly DayRange[] | null {
  if (grain.per === "whole") return null;
  if (selected !== null) return selected;
  const first = facts.partitions.get(name)?.first ?? null;
  const own = first === null ? [] : [{ from: first, to: dayAt(facts.now) }];
  return spec.ranges.length === 0 ? own : intersectRanges(own, spec.ranges);
}

/**
 * Datasets of the same wave are cut alike and share their runs; whoever is cut otherwise than what it is made from waits for
 * all of that.
 */
function wavesOf(
  names: readonly DatasetName[],
  known: ReadonlyMap<DatasetName, BackfillDataset>,
): Map<DatasetName, number> {
  const waves = new Map<DatasetName, number>();
  for (const name of names) {
    const mine = known.get(name);
    let wave = 0;
    for (const input of mine?.inputs ?? []) {
      const before = waves.get(input);
      if (before === undefined) continue;
      const alike = known.get(input)?.grain.per === mine?.grain.per;
      wave = Math.max(wave, alike ? before : before + 1);
    }
    waves.set(name, wave);
  }
  return waves;
}

/** What reads a model that was never built, and is not in the plan, cannot be computed yet. */
function leaveOutUnbuilt(
  asked: readonly DatasetName[],
  known: ReadonlyMap<DatasetName, BackfillDataset>,
  { snapshots }: BackfillFacts,
): { readonly names: DatasetName[]; readonly unbuilt: (readonly [name: DatasetName, input: DatasetName])[] } {
  const unbuilt: (readonly [DatasetName, DatasetName])[] = [];
  const out = new Set<DatasetName>();
  for (const name of asked) {
    const missing = (known.get(name)?.inputs ?? []).find(
      (input) =>
        out.has(input) ||
        (!asked.includes(input) && known.get(input)?.kind === "recompute" && (snapshots.get(input) ?? null) === null),
    );
    if (missing === undefined) continue;
    if (name === asked[0])
      throw new PlatformError("conflict", `${missing}, which ${name} is made from, was never built`);
    out.add(name);
    unbuilt.push([name, missing]);
  }
  return { names: asked.filter((name) => !out.has(name)), unbuilt };
}

function refuseTooMany(partitions: number, what: string): void {
  if (partitions > MAX_PARTITIONS)
    throw new PlatformError(
      "invalid-input",
      `ranges: ${what} covers ${partitions} partitions; at most ${MAX_PARTITIONS} are done in one backfill, name a shorter range`,
    );
}

function refuseCycle(names: readonly DatasetName[], known: ReadonlyMap<DatasetName, BackfillDataset>): void {
  const done = new Set<DatasetName>();
  let waiting = [...names];
  while (waiting.length > 0) {
    const ready = waiting.filter((name) =>
      (known.get(name)?.inputs ?? []).every((input) => !names.includes(input) || done.has(input)),
    );
    if (ready.length === 0)
      throw new PlatformError("model-invalid", `${waiting.join(", ")} read each other in a circle; there is no order`);
    for (const name of ready) done.add(name);
    waiting = waiting.filter((name) => !done.has(name));
  }
}

function refuseOpen(names: readonly DatasetName[], { open }: BackfillFacts): void {
  for (const name of names) {
    const other = open.get(name);
    if (other !== undefined)
      throw new PlatformError("conflict", `backfill ${other} is at ${name} already; wait for its end, or cancel it`);
  }
}

function riskOf(one: PlannedDataset, known: ReadonlyMap<DatasetName, BackfillDataset>): RiskyDataset[] {
  const lag = known.get(one.dataset)?.targetLagSeconds ?? Number.POSITIVE_INFINITY;
  const runSeconds = one.seconds === null ? 0 : one.seconds / one.runs;
  // Live refreshes of a dataset wait for the run that writes it, and for no other.
  return runSeconds > lag * SLACK
    ? [{ dataset: one.dataset, owner: one.owner, targetLagSeconds: lag, runSeconds: Math.round(runSeconds * 10) / 10 }]
    : [];
}

function notesOf(
  spec: BackfillSpec,
  root: BackfillDataset,
  kind: BackfillKind,
  atRisk: readonly RiskyDataset[],
): string[] {
  const notes: string[] = [];
  if (root.grain.per === "whole" && spec.ranges.length > 0)
    notes.push(`${root.name} has no partitions by day: it is done whole, whatever the range`);
  if (kind === "rebuild") notes.push("rows whose changes raw no longer has stay as they are");
  if (kind === "reread") notes.push("the whole table is read from the source; changes go on being taken meanwhile");
  if (atRisk.length > 0) notes.push("fewer days per run hold live refreshes up for a shorter time");
  return notes;
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
