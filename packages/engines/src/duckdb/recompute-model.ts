import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbType, type Filter, type StagedChange, where } from "@nova/iceberg";
import { DAY, PlatformError } from "@nova/pipeline-core/kernel";
import type { ComputedDays, DayRange, ModelChange, ModelRecompute } from "@nova/pipeline-core/orchestration";
import type { CompiledModel } from "../sql/index.ts";
import { findTable, type Lake, refuseCancelled, snapshotText, transactionOf, withScratch } from "./lake.ts";
import {
  type InputContracts,
  inputSql,
  lostInputs,
  narrowInputs,
  type PinnedInput,
  pinInputs,
  showInput,
} from "./model-inputs.ts";
import { CODE_VERSION, modelTable } from "./model-table.ts";
import { startPhases } from "./phases.ts";
import { createResult, stageDifference, typedSelect, type Work } from "./model-result.ts";
import { refreshModel } from "./refresh-model.ts";
import { firstRow } from "./rows.ts";
import { ident, literal } from "./sql-text.ts";

/** Computes a model's rows of some days, or all of them, from its inputs and writes what differs. */
export async function recomputeModel(
  lake: Lake,
  model: CompiledModel,
  recompute: ModelRecompute,
  contracts: InputContracts,
): Promise<ModelChange> {
  if (recompute.parameters !== undefined) await refuseUnbuilt(lake, model);
  const phases = startPhases(lake.clock);
  const { table, rebuild, notes } = await modelTable(lake, model.file);
  const before = snapshotText(table);
  const appends = model.file.header.kind === "append";
  const now = await pinInputs(lake, model, recompute.consumed, contracts);
  // What only adds rows must not take in here what its next refresh will add.
  const pinned = appends ? now.map((input) => ({ ...input, to: input.from })) : now;
  if (rebuild || before === null || (appends && (lostInputs(now).length > 0 || now.some(({ from }) => from === null))))
    return refreshModel(lake, model, recompute, contracts);
  const { days, signal } = recompute;
  return withScratch(
    lake,
    async (connection) => {
      const used = await narrowInputs(lake, model, pinned);
      const work: Work = { lake, connection, model, table, pinned, used, rebuild, notes };
      for (const input of pinned) await showInput(connection, input.input.name, await inputOf(input, days), false);
      const among = days === null ? "true" : daysCondition(model, days.column, days.ranges);
      await createResult(work, `SELECT * FROM (${typedSelect(model)}) WHERE ${among}`);
      const { rows } = await firstRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM temp.result");
      phases.end("compute");
      const current = `(SELECT * FROM ${await table.scan(days === null ? {} : { filter: daysFilter(days) }).toSql()} WHERE ${among})`;
      const staged = appends ? await stageDays(work, current, days) : await stageDifference(work, current);
      phases.end("write");
      const mode =
        days === null ? "computed again" : `${days.ranges.length === 1 ? "days" : "sets of days"} computed again`;
      const computed: ComputedDays = days === null ? "all" : days.ranges;
      const common = {
        rowsIn: Number(rows),
        snapshotBefore: before,
        mode,
        phases: phases.list,
        notes,
        moves: [],
        computed,
      };
      if (staged === null) return { ...common, rowsOut: 0, bytes: 0, snapshotAfter: null };
      try {
        refuseCancelled(signal);
        const { snapshotId } = await lake.lakehouse.commit(staged, {
          within: (transaction) => recompute.within(transactionOf(transaction), [], computed),
        });
        phases.end("commit");
        const { addedRecords, deletedRecords, addedBytes } = staged.summary;
        return {
          ...common,
          rowsOut: Math.max(addedRecords, deletedRecords),
          bytes: addedBytes,
          snapshotAfter: String(snapshotId),
        };
      } catch (error) {
        await staged.discard();
        throw error;
      }
    },
    signal,
  );
}

/** A model that would be built as a whole first would be so by the values of a few days. */
async function refuseUnbuilt(lake: Lake, { file }: CompiledModel): Promise<void> {
  const table = await findTable(lake, file.name);
  if (table === null || table.currentSnapshotId === null || table.properties[CODE_VERSION] !== file.codeVersion)
    throw new PlatformError(
      "conflict",
      `${file.name} was not built by its code of now yet; parameters are for days of one that was. Run it first`,
    );
}

/** The input, narrowed to the slices of time that its range says bound the rows of these days. */
async function inputOf(input: PinnedInput, days: ModelRecompute["days"]): Promise<string> {
  const { range } = input.input;
  if (days === null || range === undefined) return inputSql(input);
  return inputSql(input, daysFilter({ column: range.column, ranges: days.ranges }));
}

function daysFilter({ column, ranges }: NonNullable<ModelRecompute["days"]>): Filter {
  return where.or(...ranges.map(({ from, to }) => where.and(where.gte(column, from), where.lt(column, dayAfter(to)))));
}

function daysCondition(model: CompiledModel, column: string, ranges: readonly DayRange[]): string {
  const type = duckdbType(model.file.header.columns[column]?.type ?? "timestamptz");
  const at = (day: string): string => `CAST(${literal(day)} AS ${type})`;
  return `(${ranges.map(({ from, to }) => `(${ident(column)} >= ${at(from)} AND ${ident(column)} < ${at(dayAfter(to))})`).join(" OR ")})`;
}

/** As text that DuckDB, which runs in UTC, takes for a date and for the midnight that it begins with alike. */
function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
}

/** Rows without a key are replaced together; null when they are the same. */
async function stageDays(
  { connection, table, model }: Work,
  current: string,
  days: ModelRecompute["days"],
): Promise<StagedChange | null> {
  const columns = Object.keys(model.file.header.columns)
    .map((name) => ident(name))
    .join(", ");
  if (await sameRows(connection, `SELECT ${columns} FROM ${current}`)) return null;
  const query = "SELECT * FROM temp.result";
  return table.stageOverwrite({ connection, query, where: days === null ? "all" : daysFilter(days) });
}

async function sameRows(connection: DuckDBConnection, current: string): Promise<boolean> {
  await connection.run(`CREATE TEMP TABLE current_rows AS ${current}`);
  const { differing } = await firstRow<{ differing: bigint }>(
    connection,
    `SELECT count(*) AS differing FROM ((FROM temp.result EXCEPT ALL FROM temp.current_rows) UNION ALL (FROM temp.current_rows EXCEPT ALL FROM temp.result))`,
  );
  return differing === 0n;
}
