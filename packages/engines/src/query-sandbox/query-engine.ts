import {
  type DuckDBConnection,
  DuckDBInstance,
  type Json,
  JsonDuckDBValueConverter,
  StatementType,
} from "@duckdb/node-api";
import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";
import { splitDatasetName } from "@nova/pipeline-core/catalog/dataset-name";
import { type Inspection, inspectTree, Refusal } from "./inspect-tree.ts";
import { identifier, literal, maskedColumn } from "./mask-sql.ts";
import type { ViewRequest } from "./messages.ts";

/** Longer than anything a person writes; keeps the tree small enough to walk. */
const LONGEST_SQL = 100_000;
const PAGE_ROWS = 1_000;

export interface EngineOptions {
  /** The only folder that may be read. */
  readonly lakeDir: string;
  readonly memoryMegabytes: number;
}

/**
 * An engine that can do no harm: no extensions, no spilling, nothing outside the lake's folder, and the configuration
 * locked before the first word of a person reaches it. The order matters: allowed directories can only be set while
 * external access is still on.
 */
export async function openHardenedEngine({ lakeDir, memoryMegabytes }: EngineOptions): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    memory_limit: `${memoryMegabytes}MB`,
    max_temp_directory_size: "0B",
    threads: "1",
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`SET allowed_directories = [${literal(lakeDir)}]`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
  return connection;
}

/** Parses a person's SQL with the engine's own parser and returns what it reads. Throws `Refusal` or `SqlMistake`. */
export async function inspectSql(connection: DuckDBConnection, sql: string): Promise<Inspection> {
  if (sql.length > LONGEST_SQL) throw new Refusal(`the query is longer than ${LONGEST_SQL} characters`);
  if (sql.includes("\u0000")) throw new Refusal("the query holds a NUL character");
  const reader = await connection.runAndReadAll("SELECT CAST(json_serialize_sql($1::VARCHAR) AS VARCHAR)", [sql]);
  const parsed = JSON.parse(String(reader.getRows()[0]?.[0])) as {
    error: boolean;
    error_type?: string;
    error_message?: string;
    position?: string;
    statements?: unknown[];
  };
  if (parsed.error) {
    if (parsed.error_type === "not implemented")
      throw new Refusal(
        "only a single SELECT may run here; statements that write, configure, attach or explain are refused",
      );
    throw new SqlMistake(
      parsed.error_message ?? "the SQL cannot be parsed",
      parsed.position === undefined ? null : Number(parsed.position),
    );
  }
  const count = parsed.statements?.length ?? 0;
  if (count === 0) throw new Refusal("there is no statement; write one SELECT");
  if (count > 1) throw new Refusal(`there are ${count} statements; send one SELECT at a time`);
  return inspectTree(parsed.statements);
}

/** Takes the engine's picture of the place (`LINE 2: … ^`) out of its message and turns it into a byte offset. */
export function locateMistake(message: string, sql: string): SqlMistake {
  const picture = /\n+LINE (\d+): (.*)\n( *)\^\s*$/.exec(message);
  if (picture === null) return new SqlMistake(message, null);
  const [whole, line, shown, indent] = picture as unknown as [string, string, string, string];
  const before = sql.split("\n").slice(0, Number(line) - 1);
  const start = Buffer.byteLength(before.map((text) => `${text}\n`).join(""));
  // Long lines are shown from their middle: then only the line is known.
  const column = shown.startsWith("...") ? 0 : Math.max(0, indent.length - `LINE ${line}: `.length);
  return new SqlMistake(message.slice(0, -whole.length), start + column);
}

/** SQL that the engine understands but cannot run as it stands: unknown column, types that do not fit … */
export class SqlMistake extends Error {
  readonly offset: number | null;

  constructor(message: string, offset: number | null) {
    super(message);
    this.name = "SqlMistake";
    this.offset = offset;
  }
}

/** Makes one view per dataset, personal columns masked as the tags say. Returns those of them that the query mentions. */
export async function createViews(
  connection: DuckDBConnection,
  views: readonly ViewRequest[],
  salt: string,
  mentions: Inspection["mentions"],
): Promise<string[]> {
  const masked: string[] = [];
  for (const { dataset, scanSql, tags } of views) {
    const { layer, table } = splitDatasetName(dataset);
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${scanSql} AS scan`);
    const columns = described
      .getRowObjects()
      .map((row) => ({ name: String(row["column_name"]), type: String(row["column_type"]) }));
    const select = columns.map((column) => {
      // A column the catalog does not know yet may hold anything.
      const pii = Object.hasOwn(tags, column.name) ? (tags[column.name] ?? "direct") : "direct";
      if (pii !== "none" && (mentions === null || mentions.has(column.name.toLowerCase())))
        masked.push(`${dataset}.${column.name}`);
      return maskedColumn(column, pii, salt);
    });
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${identifier(layer)}`);
    await connection.run(
      `CREATE VIEW ${identifier(layer)}.${identifier(table)} AS SELECT ${select.join(", ")} FROM ${scanSql} AS scan`,
    );
  }
  return masked;
}

export interface ResultSink {
  columns(columns: readonly ResultColumn[]): void;
  rows(rows: readonly (readonly ResultValue[])[], bytes: number): void;
}

/**
 * Runs one SELECT and hands its rows over in pages until a cap is reached; returns which one. Results stream: what is
 * not asked for is never computed.
 */
export async function runSelect(
  connection: DuckDBConnection,
  sql: string,
  caps: { readonly rows: number; readonly bytes: number },
  sink: ResultSink,
): Promise<"rows" | "bytes" | null> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw new Refusal(`there are ${statements.count} statements; send one SELECT at a time`);
  const prepared = await statements.prepare(0);
  if (prepared.statementType !== StatementType.SELECT) throw new Refusal("only a single SELECT may run here");
  const result = await prepared.stream();
  sink.columns(result.columnNames().map((name, index) => ({ name, type: String(result.columnType(index)) })));
  let rowsLeft = caps.rows;
  let bytesLeft = caps.bytes;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return null;
    const all = chunk.convertRows<Json>(JsonDuckDBValueConverter) as ResultValue[][];
    for (let start = 0; start < all.length; start += PAGE_ROWS) {
      const page = fitting(all.slice(start, start + PAGE_ROWS), rowsLeft, bytesLeft);
      if (page.rows.length > 0) sink.rows(page.rows, page.bytes);
      rowsLeft -= page.rows.length;
      bytesLeft -= page.bytes;
      if (page.cut !== null) return page.cut;
    }
  }
}

/** As many rows as the caps leave room for. */
function fitting(
  rows: ResultValue[][],
  rowsLeft: number,
  bytesLeft: number,
): { rows: ResultValue[][]; bytes: number; cut: "rows" | "bytes" | null } {
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    if (index >= rowsLeft) return { rows: rows.slice(0, index), bytes, cut: "rows" };
    const size = JSON.stringify(row).length;
    if (bytes + size > bytesLeft) return { rows: rows.slice(0, index), bytes, cut: "bytes" };
    bytes += size;
  }
  return { rows, bytes, cut: null };
}
