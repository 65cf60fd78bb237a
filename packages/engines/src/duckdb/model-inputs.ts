import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbType, type Filter, type Table, where } from "@nova/iceberg";
import { sameType } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { InputMove } from "@nova/pipeline-core/orchestration";
import type { CompiledInput, CompiledModel } from "../sql/index.ts";
import { findTable, type Lake, snapshotsAfter, snapshotText, typeOf } from "./lake.ts";
import { ident } from "./sql-text.ts";
import type { InputColumns } from "./used-columns.ts";

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

/** Inputs whose snapshot read last is no longer in their history: expired, or left behind by a rollback. */
export function lostInputs(pinned: readonly PinnedInput[]): readonly PinnedInput[] {
  return pinned.filter(({ table, from }) => table !== null && from !== null && snapshotsAfter(table, from) === null);
}

/** The input's rows as models see them: contract columns with contract types, whatever the table looks like today. */
export async function inputSql(pinned: PinnedInput, filter?: Filter): Promise<string> {
  const { table, to, contract } = pinned;
  if (table === null || to === null) {
    if (contract === null && table === null)
      throw new PlatformError("engine-failed", `${pinned.input.name} is not built yet`);
    const columns = Object.entries(columnsOf(pinned));
    return `(SELECT ${columns.map(([name, type]) => `CAST(NULL AS ${duckdbType(type)}) AS ${ident(name)}`).join(", ")} WHERE false)`;
  }
  const scan = await table.scan({ snapshotId: to, ...(filter === undefined ? {} : { filter }) }).toSql();
  return contract === null ? scan : `(SELECT ${contractColumns(table, contract)} FROM ${scan})`;
}

/** The input's columns as models see them. */
export function columnsOf({ table, contract }: PinnedInput): InputColumns {
  return contract ?? Object.fromEntries((table?.columns ?? []).map((column) => [column.name, typeOf(column)]));
}

/** Rows of the input that were added or removed since it was consumed, as models see its columns. */
export async function changedSql(pinned: PinnedInput): Promise<string> {
  if (pinned.table === null || pinned.to === null)
    throw new PlatformError("internal", `${pinned.input.name} has no changes`);
  const changes = await (await pinned.table.changes({ from: pinned.from, to: pinned.to })).toSql();
  return pinned.contract === null
    ? changes
    : `(SELECT ${contractColumns(pinned.table, pinned.contract)}, _change_type FROM ${changes})`;
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

/** Condition that keeps the rows of an input that lead to affected keys. */
export function affectedCondition(input: CompiledInput): string {
  if (input.key !== null) return `(${input.key.join(", ")}) IN (SELECT * FROM temp.affected)`;
  return input.filter ?? "true";
}
