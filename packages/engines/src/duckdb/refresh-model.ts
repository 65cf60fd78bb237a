import type { DuckDBConnection } from "@duckdb/node-api";
import { isIcebergError, type StagedChange } from "@nova/iceberg";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Day, DaysLetThrough, ModelChange, ModelRefresh } from "@nova/pipeline-core/orchestration";
import type { CompiledModel } from "../sql/index.ts";
import { findAffected, knownByChanges } from "./affected-keys.ts";
import { comparingPays, rowsAround } from "./compare-cost.ts";
import { computedDays, type DaysPrepared, holdBack } from "./computed-days.ts";
import { affectedRanges, rangeFilters } from "./key-ranges.ts";
import { type Lake, lineage, refuseCancelled, snapshotText, transactionOf, withScratch } from "./lake.ts";
import {
  affectedCondition,
  changedSql,
  type InputContracts,
  inputSql,
  keyFilters,
  lostInputs,
  movesOf,
  narrowInputs,
  type PinnedInput,
  pinInputs,
  rangeFilter,
  scanEach,
  showInput,
} from "./model-inputs.ts";
import { createResult, stageAffected, stageDifference, typedSelect, type Work } from "./model-result.ts";
import { modelTable, stampCodeVersion } from "./model-table.ts";
import { startPhases } from "./phases.ts";
import { firstRow } from "./rows.ts";
import { ident, idents } from "./sql-text.ts";

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
  const told = { snapshotBefore: before, phases: phases.list, notes };
  if (moves.length === 0 && !rebuild)
    return {
      ...told,
      moves,
      rowsIn: 0,
      rowsOut: 0,
      bytes: 0,
      snapshotAfter: null,
      mode: "nothing changed",
      computed: [],
    };
  const { signal, letThrough } = refresh;
  const compute = async (connection: DuckDBConnection): Promise<ModelChange> => {
    const used = await narrowInputs(lake, model, pinned);
    const work: Work = { lake, connection, model, table, pinned, used, rebuild: rebuild || before === null, notes };
    const anew = before !== null && model.file.header.kind === "append" && (rebuild || lostInputs(pinned).length > 0);
    const prepared = anew ? await overwriteAppended(work) : await prepare(work, letThrough);
    const { heldBack = [] } = prepared;
    // What was held back is found again among the same changes.
    const taken = heldBack.length === 0 ? moves : [];
    const common = { ...told, moves: taken, heldBack };
    const computed = await computedDays(work, prepared.days);
    phases.end("compute");
    const { staged, rowsIn } = await prepared.stage();
    phases.end("write");
    if (staged === null) {
      refuseCancelled(signal);
      await stampCodeVersion(table, model.file);
      return { ...common, rowsIn, rowsOut: 0, bytes: 0, snapshotAfter: null, mode: prepared.mode, computed };
    }
    try {
      refuseCancelled(signal);
      const { snapshotId } = await lake.lakehouse.commit(staged, {
        within: (transaction) => refresh.within(transactionOf(transaction), taken, computed),
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
        computed,
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
  readonly days: DaysPrepared;
  readonly heldBack?: readonly Day[];
  /** Writes the files. */
  readonly stage: () => Promise<Written>;
}

interface Written {
  /** Null when nothing differs. */
  readonly staged: StagedChange | null;
  readonly rowsIn: number;
}

async function prepare(work: Work, letThrough: DaysLetThrough | undefined): Promise<Prepared> {
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
  const { affected: found, changed } = await findAffected(work);
  const heldBack = letThrough === undefined ? [] : await holdBack(work, letThrough);
  const affected = found - heldBack.length;
  if (affected === 0)
    return { mode: "no key affected", days: "none", heldBack, stage: async () => ({ staged: null, rowsIn: changed }) };
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
  return { ...(await computeAffected(work, affected, changed, total)), heldBack };
}

async function computeAffected(work: Work, affected: number, changed: number, total: number): Promise<Prepared> {
  const { lake, connection, model, pinned, table, used, notes } = work;
  const materialise = model.file.header.kind === "merge";
  const ranges = await affectedRanges(connection, model);
  for (const input of pinned) {
    // What the model does not read is not copied.
    const columns = idents(used.get(input.input.name)?.columns ?? []) || "*";
    const known = await knownByChanges(connection, input);
    if (known?.others === 0) {
      await showInput(connection, input.input.name, `(SELECT ${columns} FROM ${known.rows})`, false);
      continue;
    }
    const time = await rangeOf(work, input);
    const select = await inputSql(input, ...(time === undefined ? keyFilters(input, ranges, affected) : [time]));
    const condition = input.input.lookup === true ? (input.input.filter ?? "true") : affectedCondition(input.input);
    await showInput(
      connection,
      input.input.name,
      `(SELECT ${columns} FROM ${select} WHERE ${condition})`,
      materialise && condition !== "true",
    );
  }
  const key = idents(model.refreshKey);
  await createResult(work, `SELECT * FROM (${typedSelect(model)}) SEMI JOIN temp.affected USING (${key})`);
  const stage = async (): Promise<StagedChange | null> => {
    const around = rowsAround(affected, ranges, total);
    if (ownKey(model) && !comparingPays(lake.comparing, around, affected)) {
      notes.push(`all rows of these keys were written: comparing them would have read ${around} rows`);
      return stageAffected(work);
    }
    const [column] = model.refreshKey;
    const narrowed = ranges === null || column === undefined ? [] : rangeFilters(column, ranges, affected);
    const current = `(SELECT * FROM ${await scanEach(table, narrowed)} SEMI JOIN temp.affected USING (${key}))`;
    return stageDifference(work, current);
  };
  return {
    mode: `${affected} affected keys`,
    days: "affected",
    stage: async () => ({ staged: await stage(), rowsIn: changed }),
  };
}

/** Whether the keys that changes lead to are the keys of the model's rows. */
function ownKey({ file: { header }, refreshKey }: CompiledModel): boolean {
  return header.kind === "merge" && header.key?.toSorted().join() === refreshKey.toSorted().join();
}

async function computeAll(work: Work, mode: string, changed: number): Promise<Prepared> {
  const { connection, model, table } = work;
  await createResult(work, typedSelect(model));
  const { rows } = await firstRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM temp.result");
  const rowsIn = changed === 0 ? Number(rows) : changed;
  const first = table.currentSnapshotId === null;
  return {
    mode: first ? "first build" : mode,
    days: "all",
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
      : `(SELECT * EXCLUDE (_change_type) FROM ${await changedSql(connection, input)} WHERE _change_type = 'insert')`;
  await showInput(connection, input.input.name, select, false);
  return { mode: "append", days: "none", stage: () => writeEvents(work, (rows) => table.stageAppend(rows)) };
}

/** An append model whose code changed is written anew from all its input. */
async function overwriteAppended(work: Work): Promise<Prepared> {
  for (const input of work.pinned) await showInput(work.connection, input.input.name, await inputSql(input), false);
  return {
    mode: "rebuilt",
    days: "all",
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
