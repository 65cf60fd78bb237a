import { type Difference, type DifferenceSide, isIcebergError, type Snapshot, type Table } from "@nova/iceberg";
import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  type ComparedSnapshot,
  type EnvironmentPair,
  type KeptSnapshot,
  MOST_SNAPSHOTS_LISTED,
  schemaDiff,
  type SnapshotColumn,
  type SnapshotPair,
  type TableDiffSummary,
} from "@nova/pipeline-core/orchestration";
import { asLakeError, findTable, type Lake, snapshotText, typeOf } from "./lake.ts";
import type { OtherLakes } from "./other-lakes.ts";

export async function diffSummary(lake: Lake, others: OtherLakes, pair: SnapshotPair): Promise<TableDiffSummary> {
  const tables = await tablesOf(lake, others, pair);
  const snapshots = { before: snapshotOf(tables.before, pair.before), after: snapshotOf(tables.after, pair.after) };
  const kept = snapshots.before.state !== "expired" && snapshots.after.state !== "expired";
  const difference = kept ? await differenceOf(tables, pair) : null;
  try {
    return {
      ...pair,
      snapshots,
      schema:
        difference === null || pair.before === null
          ? null
          : schemaDiff(columnsBefore(difference, pair), columnsOf(difference.after.columns)),
      key: tables.after.key,
      rowsToRead: difference === null ? null : difference.before.estimatedRows + difference.after.estimatedRows,
    };
  } finally {
    difference?.release();
  }
}

export async function diffEnvironments(
  lake: Lake,
  others: OtherLakes,
  { dataset, environment }: EnvironmentPair,
): Promise<TableDiffSummary> {
  const tables = await tablesOf(lake, others, { dataset, environment });
  const [before, after] = [snapshotText(tables.before), snapshotText(tables.after)];
  if (before === null) throw new PlatformError("not-found", `${dataset} has no rows yet in ${environment}`);
  if (after === null) throw new PlatformError("not-found", `${dataset} has no rows yet here`);
  return diffSummary(lake, others, { dataset, environment, before, after });
}

/** The table of each side; the same one where two snapshots of it are compared. */
export interface ComparedTables {
  readonly before: Table;
  readonly after: Table;
}

export async function tablesOf(
  lake: Lake,
  others: OtherLakes,
  { dataset, environment }: Pick<SnapshotPair, "dataset" | "environment">,
): Promise<ComparedTables> {
  if (environment === undefined) {
    const table = await requireTable(lake, dataset);
    return { before: table, after: table };
  }
  const before = await others.table(environment, dataset);
  if (before === null) throw new PlatformError("not-found", `${environment} has no table of ${dataset}`);
  return { before, after: await requireTable(lake, dataset) };
}

export async function keptSnapshots(lake: Lake, dataset: string): Promise<KeptSnapshot[]> {
  const table = await findTable(lake, dataset);
  if (table === null) return [];
  return table.history.snapshots
    .map((snapshot): KeptSnapshot => ({
      snapshotId: String(snapshot["snapshot-id"]),
      ...told(snapshot),
      wrote: snapshot.summary.operation === "replace" ? "upkeep" : "rows",
      current: snapshot["snapshot-id"] === table.currentSnapshotId,
    }))
    .toReversed()
    .slice(0, MOST_SNAPSHOTS_LISTED);
}

async function requireTable(lake: Lake, dataset: string): Promise<Table> {
  const table = await findTable(lake, dataset);
  if (table === null) throw new PlatformError("not-found", `${dataset} has no table yet`);
  return table;
}

/** Throws `not-found` when a snapshot has expired. */
export async function differenceOf(tables: ComparedTables, pair: SnapshotPair): Promise<Difference> {
  const { dataset, environment, before, after } = pair;
  try {
    if (environment === undefined) return await tables.after.difference({ before, after });
    const [there, here] = [await whole(tables.before, before), await whole(tables.after, after)];
    return {
      before: there.after,
      after: here.after,
      sharedRows: async () => 0,
      release: () => [there, here].forEach(({ release }) => release()),
    };
  } catch (error) {
    if (isIcebergError(error, "snapshot-not-found"))
      throw new PlatformError("not-found", `a snapshot of ${dataset} has expired: its rows can no longer be compared`, {
        cause: error,
      });
    throw asLakeError(error);
  }
}

/** All rows of a snapshot, as the later side of a comparison with nothing. */
function whole(table: Table, snapshot: string | null): Promise<Difference> {
  return table.difference({ before: null, after: snapshot });
}

/** Columns of the earlier side under the field ids of the later one: two environments agree on names only. */
export function columnsBefore(
  { before, after }: Pick<Difference, "before" | "after">,
  { environment }: Pick<SnapshotPair, "environment">,
): SnapshotColumn[] {
  const columns = columnsOf(before.columns);
  if (environment === undefined) return columns;
  const here = new Map(columnsOf(after.columns).map(({ name, id }) => [name, id]));
  return columns.map((column) => ({ ...column, id: here.get(column.name) ?? -column.id }));
}

/** Field ids in the table of that side. */
export function fieldIds(side: DifferenceSide, names: readonly string[]): number[] {
  const known = new Map(columnsOf(side.columns).map(({ name, id }) => [name, id]));
  return names.flatMap((name) => known.get(name) ?? []);
}

export function columnsOf(columns: Difference["before"]["columns"]): SnapshotColumn[] {
  return columns.flatMap((column) =>
    column.id === undefined ? [] : [{ id: column.id, name: column.name, type: typeOf(column) }],
  );
}

function snapshotOf(table: Table, snapshotId: string | null): ComparedSnapshot {
  if (snapshotId === null) return { snapshotId, state: "empty", committedAt: null, rows: 0 };
  const snapshot = table.history.snapshots.find((one) => String(one["snapshot-id"]) === snapshotId);
  if (snapshot === undefined) return { snapshotId, state: "expired", committedAt: null, rows: null };
  return { snapshotId, state: "kept", ...told(snapshot) };
}

function told(snapshot: Snapshot): Pick<KeptSnapshot, "committedAt" | "rows"> {
  const total = (name: string): number => Number(snapshot.summary[name] ?? 0);
  return {
    committedAt: new Date(Number(snapshot["timestamp-ms"])),
    rows: total("total-records") - total("total-position-deletes"),
  };
}
