import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbType } from "@nova/iceberg";
import { type PinnedInput, relevantChangesSql } from "./model-inputs.ts";
import type { Work } from "./model-result.ts";
import { firstRow } from "./rows.ts";
import { ident, idents } from "./sql-text.ts";
import { CAME } from "./used-columns.ts";

/** Fills `temp.affected` with the refresh keys that the inputs' changes concern. */
export async function findAffected({
  lake,
  connection,
  model,
  pinned,
  used,
}: Work): Promise<{ affected: number; changed: number }> {
  const columns = model.refreshKey.map(
    (column) => `${ident(column)} ${duckdbType(model.file.header.columns[column]?.type ?? "string")}`,
  );
  await connection.run(`CREATE TEMP TABLE affected_all (${columns.join(", ")})`);
  let changed = 0;
  for (const input of pinned) {
    if (input.to === null || input.to === input.from || input.input.lookup === true) continue;
    const ofInput = used.get(input.input.name) ?? { columns: [], finding: [] };
    const table = changesTable(input);
    await connection.run(
      `CREATE TEMP TABLE ${table} AS ${await relevantChangesSql(connection, input, ofInput, lake.comparing)}`,
    );
    await connection.run(`CREATE OR REPLACE TEMP VIEW changed AS SELECT ${idents(ofInput.columns)} FROM ${table}`);
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

/**
 * Where an input has one row for each affected key, its changes tell that row as it is now, or that it is gone: it need not
 * be looked for once more among all rows. `others` are affected keys that its changes do not tell of.
 */
export async function knownByChanges(
  connection: DuckDBConnection,
  pinned: PinnedInput,
): Promise<{ rows: string; others: number } | null> {
  const { input, table, from, to } = pinned;
  const unique = new Set(table?.key);
  const oneRow =
    input.key !== null && input.key.length === unique.size && input.key.every((column) => unique.has(column));
  if (!oneRow || input.lookup === true || to === null || to === from) return null;
  const changes = changesTable(pinned);
  const { others } = await firstRow<{ others: bigint }>(
    connection,
    `SELECT count(*) AS others FROM (SELECT * FROM temp.affected EXCEPT SELECT ${idents(input.key ?? [])} FROM ${changes})`,
  );
  return { rows: `(SELECT * FROM ${changes} WHERE ${CAME})`, others: Number(others) };
}

/** Net changes of an input, by the columns that the model reads of it. */
function changesTable({ input }: PinnedInput): string {
  return `temp.${ident(`changes of ${input.name}`)}`;
}
