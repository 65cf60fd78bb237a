import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbType, isIcebergError, type StagedChange } from "@nova/iceberg";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { ModelChange, ModelRefresh } from "@nova/pipeline-core/orchestration";
import type { CompiledModel } from "../sql/index.ts";
import { type Lake, lineage, refuseCancelled, snapshotText, transactionOf, withScratch } from "./lake.ts";
import {
  affectedCondition,
  changedSql,
  columnsOf,
  type InputContracts,
  inputSql,
  lostInputs,
  movesOf,
  type PinnedInput,
  pinInputs,
  rangeFilter,
  showInput,
} from "./model-inputs.ts";
import { createResult, stageDifference, typedSelect, type Work } from "./model-result.ts";
import { modelTable, stampCodeVersion } from "./model-table.ts";
import { startPhases } from "./phases.ts";
import { firstRow } from "./rows.ts";
import { ident, idents } from "./sql-text.ts";
import { netChangesSql, usedColumns } from "./used-columns.ts";

/** Above this share of the dataset's rows, comparing everything is cheaper than narrowing every input. */
const FULL_SHARE = 0.3;
/** Below this many affected keys the share does not matter. */
const SMALL = 5_000;

/** Brings a model up to date with its inputs, recomputing only what their changes concern. */
export async function refreshModel(
  lake: Lake,
  model: CompiledModel,
  refresh: ModelRefresh,
  contracts: InputContracts,
): Promise<ModelChange> {
  const phases = startPhases(lake.clock);
  const { table, rebuild, notes } = await modelTable(lake, model.file);
  const pinned = await pinInputs(lake, model, refresh.consumed, contracts);
  const moves = movesOf(pinned);
  const before = snapshotText(table);
  const common = { snapshotBefore: before, moves, phases: phases.list, notes };
  if (moves.length === 0 && !rebuild)
    return { ...common, rowsIn: 0, rowsOut: 0, bytes: 0, snapshotAfter: null, mode: "nothing changed" };
  const { signal } = refresh;
  const compute = async (connection: DuckDBConnection): Promise<ModelChange> => {
    const work: Work = { lake, connection, model, table, pinned, rebuild: rebuild || before === null, notes };
    const anew = before !== null && model.file.header.kind === "append" && (rebuild || lostInputs(pinned).length > 0);
    const prepared = anew ? await overwriteAppended(work) : await prepare(work);
    phases.end("compute");
    const { staged, rowsIn } = await prepared.stage();
    phases.end("write");
    if (staged === null) {
      refuseCancelled(signal);
      await stampCodeVersion(table, model.file);
      return { ...common, rowsIn, rowsOut: 0, bytes: 0, snapshotAfter: null, mode: prepared.mode };
    }
    try {
      refuseCancelled(signal);
      const { snapshotId } = await lake.lakehouse.commit(staged, {
        within: (transaction) => refresh.within(transactionOf(transaction), moves),
      });
      await stampCodeVersion(table, model.file);
      phases.end("commit");
      const rowsOut =
        staged.summary.addedRecords + Math.max(0, staged.summary.deletedRecords - staged.summary.addedRecords);
      return {
        ...common,
        rowsIn,
        rowsOut,
        bytes: staged.summary.addedBytes,
        snapshotAfter: String(snapshotId),
        mode: prepared.mode,
      };
    } catch (error) {
      await staged.discard();
      throw error;
    }
  };
  return withScratch(lake, compute, signal);
}

interface Prepared {
  readonly mode: string;
  /** Writes the files. */
  readonly stage: () => Promise<Written>;
}

interface Written {
  /** Null when nothing differs. */
  readonly staged: StagedChange | null;
  readonly rowsIn: number;
}

async function prepare(work: Work): Promise<Prepared> {
  const { model, connection, rebuild } = work;
  if (model.file.header.kind === "append") return appendNew(work);
  for (const input of work.pinned) await showInput(connection, input.input.name, await inputSql(input), false);
  if (rebuild) return computeAll(work, "first build", 0);
  if (model.refreshKey.length === 0) return computeAll(work, "full difference", 0);
  const lost = lostInputs(work.pinned);
  if (lost.length > 0) {
    work.notes.push(
      `${lost.map((input) => input.input.name).join(", ")}: the snapshot read last is gone or was rolled back, so everything was compared`,
    );
    return computeAll(work, "full difference", 0);
  }
  const { affected, changed } = await findAffected(work);
  if (affected === 0) return { mode: "no key affected", stage: async () => ({ staged: null, rowsIn: changed }) };
  const total =
    model.file.header.kind === "merge"
      ? Number(lineage(work.table).at(-1)?.summary["total-records"] ?? 0)
      : Number.POSITIVE_INFINITY;
  if (affected > SMALL && affected > total * FULL_SHARE) {
    work.notes.push(
      `${affected} affected keys are more than ${FULL_SHARE * 100} % of the dataset: everything was compared`,
    );
    return computeAll(work, "full difference", changed);
  }
  return computeAffected(work, affected, changed);
}

/** Fills `temp.affected` with the refresh keys that the inputs' changes concern. */
async function findAffected({ connection, model, pinned }: Work): Promise<{ affected: number; changed: number }> {
  const columns = model.refreshKey.map(
    (column) => `${ident(column)} ${duckdbType(model.file.header.columns[column]?.type ?? "string")}`,
  );
  await connection.run(`CREATE TEMP TABLE affected_all (${columns.join(", ")})`);
  const used = await usedColumns(model, new Map(pinned.map((input) => [input.input.name, columnsOf(input)])));
  let changed = 0;
  for (const input of pinned) {
    if (input.to === null || input.to === input.from || input.input.lookup === true) continue;
    const net = netChangesSql(await changedSql(input), used.get(input.input.name) ?? []);
    await connection.run(`CREATE OR REPLACE TEMP TABLE changed AS ${net}`);
    const { rows } = await firstRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM temp.changed");
    changed += Number(rows);
    const keys =
      input.input.key === null ? `(${input.input.via})` : `(SELECT ${input.input.key.join(", ")} FROM changed)`;
    if (rows > 0n) await connection.run(`INSERT INTO temp.affected_all SELECT DISTINCT * FROM ${keys}`);
  }
  const given = model.refreshKey.map((column) => `${ident(column)} IS NOT NULL`).join(" AND ");
  await connection.run(`CREATE TEMP TABLE affected AS SELECT DISTINCT * FROM temp.affected_all WHERE ${given}`);
  const { rows } = await firstRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM temp.affected");
  return { affected: Number(rows), changed };
}

async function computeAffected(work: Work, affected: number, changed: number): Promise<Prepared> {
  const { connection, model, pinned, table } = work;
  const materialise = model.file.header.kind === "merge";
  for (const input of pinned) {
    const select = await inputSql(input, await rangeOf(work, input));
    const condition = input.input.lookup === true ? (input.input.filter ?? "true") : affectedCondition(input.input);
    await showInput(
      connection,
      input.input.name,
      `(SELECT * FROM ${select} WHERE ${condition})`,
      materialise && condition !== "true",
    );
  }
  const key = idents(model.refreshKey);
  await createResult(work, `SELECT * FROM (${typedSelect(model)}) SEMI JOIN temp.affected USING (${key})`);
  const current = `(SELECT * FROM ${await table.scan().toSql()} SEMI JOIN temp.affected USING (${key}))`;
  return {
    mode: `${affected} affected keys`,
    stage: async () => ({ staged: await stageDifference(work, current), rowsIn: changed }),
  };
}

async function computeAll(work: Work, mode: string, changed: number): Promise<Prepared> {
  const { connection, model, table } = work;
  await createResult(work, typedSelect(model));
  const { rows } = await firstRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM temp.result");
  const rowsIn = changed === 0 ? Number(rows) : changed;
  const first = table.currentSnapshotId === null;
  return {
    mode: first ? "first build" : mode,
    stage: async () => {
      if (!first) return { staged: await stageDifference(work, await table.scan().toSql()), rowsIn };
      const result = { connection, query: "SELECT * FROM temp.result" };
      return { staged: rows === 0n ? null : await table.stageAppend(result), rowsIn };
    },
  };
}

/** New rows of the one input, through the model's SQL, appended. */
async function appendNew(work: Work): Promise<Prepared> {
  const { connection, model, pinned, table } = work;
  const [input] = pinned;
  if (input === undefined) throw new PlatformError("internal", `${model.file.name} has no input`);
  const select =
    input.to === null || input.to === input.from
      ? await inputSql({ ...input, to: null })
      : `(SELECT * EXCLUDE (_change_type) FROM ${await changedSql(input)} WHERE _change_type = 'insert')`;
  await showInput(connection, input.input.name, select, false);
  return { mode: "append", stage: () => writeEvents(work, (rows) => table.stageAppend(rows)) };
}

/** An append model whose code changed is written anew from all its input. */
async function overwriteAppended(work: Work): Promise<Prepared> {
  for (const input of work.pinned) await showInput(work.connection, input.input.name, await inputSql(input), false);
  return {
    mode: "rebuilt",
    stage: () => writeEvents(work, (rows) => work.table.stageOverwrite({ ...rows, where: "all" })),
  };
}

/** Events go from the model's SQL into files in one pass: there are many, and the table itself refuses those that lack a required column. */
async function writeEvents(
  { connection, model }: Work,
  write: (rows: { connection: DuckDBConnection; query: string }) => Promise<StagedChange>,
): Promise<Written> {
  try {
    const staged = await write({ connection, query: typedSelect(model) });
    const rowsIn = staged.summary.addedRecords;
    if (rowsIn > 0 || staged.summary.deletedRecords > 0) return { staged, rowsIn };
    await staged.discard();
    return { staged: null, rowsIn };
  } catch (error) {
    if (!isIcebergError(error, "schema-mismatch")) throw error;
    throw new PlatformError("check-failed", `${model.file.name}: ${error.message}; nothing was published`, {
      cause: error,
    });
  }
}

/** Time bounds of the affected rows, when the model has one followed input with a range: other inputs could affect older rows. */
async function rangeOf({ connection, pinned }: Work, input: PinnedInput) {
  const followed = pinned.filter((other) => other.input.lookup !== true);
  const { range } = input.input;
  if (range === undefined || followed.length !== 1) return undefined;
  const column = ident(range.column);
  const bounds = await firstRow<{ low: bigint | null; high: bigint | null }>(
    connection,
    `SELECT epoch_us(min(${column})) AS low, epoch_us(max(${column})) AS high FROM temp.changed`,
  );
  return bounds.low === null || bounds.high === null
    ? undefined
    : rangeFilter(range.column, range.grain, bounds.low, bounds.high);
}
