import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbType, type Filter, type NumberRange, type Table, where } from "@nova/iceberg";
import { sameType } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { InputMove } from "@nova/pipeline-core/orchestration";
import type { CompiledInput, CompiledModel } from "../sql/index.ts";
import { type Comparing, comparingPays } from "./compare-cost.ts";
import { rangeFilters } from "./key-ranges.ts";
import { findTable, type Lake, snapshotsAfter, snapshotText, typeOf } from "./lake.ts";
import { ident } from "./sql-text.ts";
import {
  allChangesSql,
  type InputColumns,
  netChangesSql,
  type UsedColumns,
  usedColumns,
  type UsedOfInput,
} from "./used-columns.ts";

/** Columns (name → Iceberg type) that models count on, by staged dataset. */
export type InputContracts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** System columns that models may read of any staged dataset. */
const STAGED_SYSTEM: Readonly<Record<string, string>> = {
  _op: "string",
  _source_ts: "timestamptz",
  _position: "string",
  _merged_at: "timestamptz",
  _deleted_at: "timestamptz",
};

/** An input at the snapshot this refresh reads, the same from start to end. */
export interface PinnedInput {
  readonly input: CompiledInput;
  readonly table: Table | null;
  readonly from: string | null;
  /** Null: the input has no rows yet. */
  readonly to: string | null;
  readonly contract: Readonly<Record<string, string>> | null;
}

export async function pinInputs(
  lake: Lake,
  model: CompiledModel,
  consumed: ReadonlyMap<string, string | null>,
  contracts: InputContracts,
): Promise<PinnedInput[]> {
  return Promise.all(
    model.inputs.map(async (input) => {
      const table = await findTable(lake, input.name);
      const contract = contracts[input.name];
      return {
        input,
        table,
        from: consumed.get(input.name) ?? null,
        to: snapshotText(table),
        contract: contract === undefined ? null : { ...contract, ...STAGED_SYSTEM },
      };
    }),
  );
}

export function movesOf(pinned: readonly PinnedInput[]): InputMove[] {
  return pinned.flatMap(({ input, from, to }) => (to === null || to === from ? [] : [{ input: input.name, from, to }]));
}

/** What the query at hand reads of the inputs: the columns that the model uses, however many there are. */
export async function narrowInputs(
  lake: Lake,
  model: CompiledModel,
  pinned: readonly PinnedInput[],
): Promise<UsedColumns> {
  const used = await usedColumns(model, new Map(pinned.map((input) => [input.input.name, columnsOf(input)])));
  for (const { input, table } of pinned)
    if (table !== null) lake.meters.narrow(table, used.get(input.name)?.columns ?? []);
  return used;
}

/** Inputs whose snapshot read last is no longer in their history: expired, or left behind by a rollback. */
export function lostInputs(pinned: readonly PinnedInput[]): readonly PinnedInput[] {
  return pinned.filter(({ table, from }) => table !== null && from !== null && snapshotsAfter(table, from) === null);
}

/**
 * The input's rows as models see them: contract columns with contract types, whatever the table looks like today. Of
 * several filters, which must not overlap, each is a scan of its own.
 */
export async function inputSql(pinned: PinnedInput, ...filters: readonly Filter[]): Promise<string> {
  const { table, to, contract } = pinned;
  if (table === null || to === null) {
    if (contract === null && table === null)
      throw new PlatformError("engine-failed", `${pinned.input.name} is not built yet`);
    const columns = Object.entries(columnsOf(pinned));
    return `(SELECT ${columns.map(([name, type]) => `CAST(NULL AS ${duckdbType(type)}) AS ${ident(name)}`).join(", ")} WHERE false)`;
  }
  const scan = await scanEach(table, filters, to);
  return contract === null ? scan : `(SELECT ${contractColumns(table, contract)} FROM ${scan})`;
}

/** A parenthesised SELECT of the rows that pass one of the filters; of all rows when there are none. */
export async function scanEach(table: Table, filters: readonly Filter[], snapshotId?: string): Promise<string> {
  const at = snapshotId === undefined ? {} : { snapshotId };
  if (filters.length === 0) return table.scan(at).toSql();
  const parts = await Promise.all(filters.map((filter) => table.scan({ ...at, filter }).toSql()));
  return `(${parts.map((part) => `SELECT * FROM ${part}`).join(" UNION ALL ")})`;
}

/** The input's columns as models see them. */
export function columnsOf({ table, contract }: PinnedInput): InputColumns {
  return contract ?? Object.fromEntries((table?.columns ?? []).map((column) => [column.name, typeOf(column)]));
}

/** Rows of the input that were added or removed since it was consumed, as models see its columns. */
export async function changedSql(connection: DuckDBConnection, pinned: PinnedInput): Promise<string> {
  return (await changesOf(pinned)).sql(connection);
}

/**
 * Those that matter to the model, by the columns it uses, as `_came` says. Where the old versions of changed rows are so far
 * from each other that finding out which ones matter costs more than taking all of them for changed, only what finds their
 * keys is read of them, and not even that where each of them gave place to a row with the same keys.
 */
export async function relevantChangesSql(
  connection: DuckDBConnection,
  pinned: PinnedInput,
  used: UsedOfInput,
  comparing: Comparing,
): Promise<string> {
  const { changes, sql, inserts } = await changesOf(pinned);
  const reach = await changes.deletedReach(connection);
  if (reach === null || reach.deleted === 0 || comparingPays(comparing, reach.read, reach.deleted))
    return netChangesSql(await sql(connection), used.columns);
  const rows = changes.replacedBy(used.finding) ? await inserts() : await sql(connection, used.finding);
  return allChangesSql(rows, used.columns);
}

async function changesOf({ input, table, from, to, contract }: PinnedInput) {
  if (table === null || to === null) throw new PlatformError("internal", `${input.name} has no changes`);
  const changes = await table.changes({ from, to });
  const asSeen = (rows: string): string =>
    contract === null ? rows : `(SELECT ${contractColumns(table, contract)}, _change_type FROM ${rows})`;
  const sql = async (connection: DuckDBConnection, deletedColumns?: readonly string[]): Promise<string> =>
    asSeen(await changes.toSql(connection, deletedColumns === undefined ? {} : { deletedColumns }));
  return { changes, sql, inserts: async () => asSeen(await changes.insertsToSql()) };
}

function contractColumns(table: Table, contract: Readonly<Record<string, string>>): string {
  const types = new Map(table.columns.map((column) => [column.name, typeOf(column)]));
  return Object.entries(contract)
    .map(([name, type]) => {
      const has = types.get(name);
      if (has === undefined) return `CAST(NULL AS ${duckdbType(type)}) AS ${ident(name)}`;
      return sameType(has, type) ? ident(name) : `TRY_CAST(${ident(name)} AS ${duckdbType(type)}) AS ${ident(name)}`;
    })
    .join(", ");
}

/** Makes an input resolvable as `layer.name` on this scratch connection. */
export async function showInput(
  connection: DuckDBConnection,
  name: string,
  select: string,
  materialise: boolean,
): Promise<void> {
  const [layer, table] = name.split(".") as [string, string];
  const target = `${ident(layer)}.${ident(table)}`;
  await connection.run(`DROP VIEW IF EXISTS ${target}`);
  await connection.run(`CREATE ${materialise ? "TABLE" : "VIEW"} ${target} AS SELECT * FROM ${select}`);
}

const GRAIN_MICROS = { "5m": 300_000_000n, hour: 3_600_000_000n, day: 86_400_000_000n } as const;

/** Filter on whole slices of time between two moments (microseconds), so that files outside are not opened. */
export function rangeFilter(column: string, grain: keyof typeof GRAIN_MICROS, low: bigint, high: bigint): Filter {
  const width = GRAIN_MICROS[grain];
  const floor = (micros: bigint) => micros - (((micros % width) + width) % width);
  const text = (micros: bigint) => new Date(Number(micros / 1000n)).toISOString();
  return where.and(where.gte(column, text(floor(low))), where.lt(column, text(floor(high) + width)));
}

/** Filters on the input's own column that leads to the affected keys, when it is one, a whole number in the table too. */
export function keyFilters(
  { input, table }: PinnedInput,
  ranges: readonly NumberRange[] | null,
  keys: number,
): readonly Filter[] {
  const [column, ...more] = input.key ?? [];
  if (ranges === null || column === undefined || more.length > 0) return [];
  const type = table?.columns.find(({ name }) => name === column)?.type;
  return type === "long" || type === "int" ? rangeFilters(column, ranges, keys) : [];
}

/** Condition that keeps the rows of an input that lead to affected keys. */
export function affectedCondition(input: CompiledInput): string {
  if (input.key !== null) return `(${input.key.join(", ")}) IN (SELECT * FROM temp.affected)`;
  return input.filter ?? "true";
}
