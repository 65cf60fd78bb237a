import type { CatalogEntry } from "@nova/pipeline-core/catalog";
import { judgeFreshness } from "@nova/pipeline-core/catalog";
import { MINUTE } from "@nova/pipeline-core/kernel";
import { addScanned, NOTHING_SCANNED, type Scanned } from "@nova/pipeline-core/lakehouse";
import type { ProbeResult } from "@nova/pipeline-core/orchestration";
import { type CheckDefinition, type CheckResult, judgeCheck } from "@nova/pipeline-core/quality";
import type { PipelineContext } from "./context.ts";

/** Append-only datasets are looked at for this long back: what was checked before does not change. */
const RECENT = 30 * MINUTE;
/** Checks run this often also when nothing changed, so that the history has no holes. */
const AT_LEAST_EVERY = 10 * MINUTE;
/** Between two checks of a staged dataset; models are checked every round. */
const STAGED_EVERY = 5 * MINUTE;

/** Runs the checks of datasets that changed (or were not looked at for long), one query per dataset, one after another. */
export async function checkDatasets(context: PipelineContext, checkedAt: Map<string, number>): Promise<void> {
  const { state } = context;
  for (const [dataset, entry] of state.entries) {
    if (context.stopping.aborted) return;
    const age = performance.now() - (checkedAt.get(dataset) ?? Number.NEGATIVE_INFINITY);
    const every = dataset.startsWith("staged.") ? STAGED_EVERY : 0;
    if (!(state.unchecked.has(dataset) ? age >= every : age >= AT_LEAST_EVERY)) continue;
    checkedAt.set(dataset, performance.now());
    state.unchecked.delete(dataset);
    await checkDataset(context, entry).catch((error: unknown) =>
      context.logger.warn("the checks of a dataset could not run", { dataset, error }),
    );
  }
}

export async function checkDataset(context: PipelineContext, entry: CatalogEntry): Promise<CheckResult[]> {
  const { state, clock, engine, quality } = context;
  const checks = state.checks.get(entry.name) ?? [];
  const at = clock.now();
  const snapshotId = (await engine.snapshots([entry.name])).get(entry.name) ?? null;
  const meter = engine.openMeter({ kind: "check", dataset: entry.name });
  const probed = snapshotId === null ? null : await meter.run(() => probeDataset(context, entry, checks, at));
  const scans = scansOf(checks, probed);
  const drift = snapshotId === null ? null : await driftOf(context, entry);
  const results = checks.map((check): CheckResult => {
    const { value, message } = valueOf(context, entry, check, probed, drift, at);
    return {
      dataset: entry.name,
      check: check.name,
      at,
      outcome: judgeCheck(check, value),
      value,
      threshold: check.threshold,
      snapshotId,
      runId: null,
      message,
      ...scans.get(check.name),
    };
  });
  await quality.recordResults(results);
  rememberFreshness(context, results);
  return results;
}

/**
 * What each check scanned. Row count and null rates share one pass, which the first of them is charged with; where there
 * is none of them, whoever looks at the rows is.
 */
function scansOf(
  checks: readonly CheckDefinition[],
  probed: ProbeResult | null,
): ReadonlyMap<string, { readonly scanned: Scanned }> {
  const scans = new Map<string, { readonly scanned: Scanned }>();
  if (probed === null) return scans;
  const { pass, keys, custom } = probed.scanned;
  const add = (name: string | undefined, more: Scanned | null | undefined): void => {
    if (name === undefined || more === null || more === undefined) return;
    scans.set(name, { scanned: addScanned(scans.get(name)?.scanned ?? NOTHING_SCANNED, more) });
  };
  const first = (...kinds: CheckDefinition["kind"][]) => checks.find(({ kind }) => kinds.includes(kind))?.name;
  add(first("row-count", "null-rate") ?? first("duplicate-keys", "custom-sql") ?? checks[0]?.name, pass);
  add(first("duplicate-keys"), keys);
  for (const [name, scanned] of custom) add(name, scanned);
  return scans;
}

/**
 * Records the freshness check of datasets whose outcome turned since it was last recorded: a dataset that caught up must
 * not be called late until its next full round of checks.
 */
export async function recordTurnedFreshness(
  context: Pick<PipelineContext, "state" | "clock" | "quality">,
): Promise<void> {
  const { state, clock, quality } = context;
  const at = clock.now();
  const turned = [...state.entries.values()].flatMap((entry) =>
    (state.checks.get(entry.name) ?? [])
      .filter((check) => check.kind === "freshness")
      .flatMap((check): CheckResult[] => {
        const { value, message } = valueOf(context, entry, check, null, null, at);
        const outcome = judgeCheck(check, value);
        if (outcome === (state.freshnessOutcomes.get(entry.name) ?? outcome)) return [];
        const snapshotId = state.snapshots.get(entry.name) ?? null;
        return [
          {
            dataset: entry.name,
            check: check.name,
            at,
            outcome,
            value,
            threshold: check.threshold,
            snapshotId,
            runId: null,
            message,
          },
        ];
      }),
  );
  if (turned.length === 0) return;
  await quality.recordResults(turned);
  rememberFreshness(context, turned);
}

function rememberFreshness({ state }: Pick<PipelineContext, "state">, results: readonly CheckResult[]): void {
  for (const { dataset, check, outcome } of results) {
    const kind = state.checks.get(dataset)?.find(({ name }) => name === check)?.kind;
    if (kind === "freshness") state.freshnessOutcomes.set(dataset, outcome);
  }
}

function probeDataset(
  context: PipelineContext,
  entry: CatalogEntry,
  checks: readonly CheckDefinition[],
  at: Date,
): Promise<ProbeResult> {
  const time = entry.name.startsWith("raw.")
    ? "ingested_at"
    : entry.columns.some((column) => column.name === "_source_ts")
      ? "_source_ts"
      : "event_ts";
  const models = new Map(context.definitions.models.map((model) => [model.name, model]));
  const custom = (models.get(entry.name)?.header.checks ?? []).flatMap((check) =>
    "sql" in check ? [{ name: check.sql.name, sql: check.sql.query }] : [],
  );
  return context.engine.probe({
    dataset: entry.name,
    key: checks.some((check) => check.kind === "duplicate-keys") ? entry.key : [],
    nullRateOf: checks.flatMap((check) => (check.kind === "null-rate" && check.column !== null ? [check.column] : [])),
    recent:
      entry.kind === "append" && entry.columns.some((column) => column.name === time)
        ? { column: time, after: new Date(at.getTime() - RECENT) }
        : null,
    custom,
  });
}

/** Columns whose type in the table is not the one the catalog declares, and those the table lacks. */
async function driftOf(context: PipelineContext, entry: CatalogEntry): Promise<string[]> {
  const has = new Map((await context.engine.columns(entry.name)).map((column) => [column.name, column.type]));
  return entry.columns
    .filter((column) => has.get(column.name) !== column.type.replaceAll(" ", ""))
    .map((column) => column.name);
}

function valueOf(
  { state }: Pick<PipelineContext, "state">,
  entry: CatalogEntry,
  check: CheckDefinition,
  probed: ProbeResult | null,
  drift: readonly string[] | null,
  at: Date,
): { value: number | null; message: string } {
  const noData = { value: null, message: "No data yet." };
  switch (check.kind) {
    case "freshness": {
      const freshness = judgeFreshness(state.dataThrough.get(entry.name) ?? null, check.threshold, at);
      return freshness.ageSeconds === null
        ? noData
        : {
            value: freshness.ageSeconds,
            message: `Data is ${freshness.ageSeconds} seconds old; the target is ${check.threshold}.`,
          };
    }
    case "schema-drift":
      if (drift === null) return noData;
      return {
        value: drift.length,
        message: drift.length === 0 ? "Columns and types are as declared." : `Not as declared: ${drift.join(", ")}.`,
      };
    case "duplicate-keys":
      return probed === null
        ? noData
        : {
            value: probed.duplicateKeys,
            message:
              probed.duplicateKeys === 0
                ? `Every key stands in one row, of ${probed.rowCount}.`
                : `${probed.duplicateKeys} keys stand in more than one row.`,
          };
    case "null-rate": {
      const rate = probed?.nullRates.get(check.column ?? "") ?? null;
      return rate === null
        ? noData
        : {
            value: rate,
            message: `${(rate * 100).toFixed(2)} % of ${check.column} is null in ${probed?.rowCount} rows.`,
          };
    }
    case "row-count": {
      if (probed === null) return noData;
      const least = Number(/\d+/.exec(check.description)?.[0] ?? 0);
      return {
        value: Math.max(0, least - probed.rowCount),
        message: `${probed.rowCount} rows; at least ${least} are expected.`,
      };
    }
    case "custom-sql": {
      const rows = probed?.custom.get(check.name);
      return rows === undefined
        ? noData
        : {
            value: rows,
            message: rows === 0 ? check.description : `${rows} rows break the rule: ${check.description}`,
          };
    }
  }
}
