import { DuckDBInstance } from "@duckdb/node-api";
import { stagedLayout, type StreamSchema } from "@nova/pipeline-core/connectors";
import { expect, test } from "vitest";
import { foldStream } from "./fold-stream.ts";
import { rowsOf } from "./rows.ts";
import { eventShape } from "./staged-events-sql.ts";

const SCHEMA: StreamSchema = {
  stream: "s",
  version: 1,
  key: ["id"],
  description: "",
  columns: [
    { name: "id", sourceType: "bigint", type: "long", nullable: false, description: "", pii: "none" },
    { name: "v", sourceType: "text", type: "string", nullable: true, description: "", pii: "none" },
  ],
};
const EVENTS =
  "stream VARCHAR, op VARCHAR, key VARCHAR, payload VARCHAR, unchanged VARCHAR, source_ts TIMESTAMPTZ, ingested_at TIMESTAMPTZ, position VARCHAR";
const at = (place: number): string => `${place.toString(16).padStart(16, "0")}.0000000000`;

/** A table that was read again ends with a truncate whose position stands before its first chunk. */
test.each([
  [
    "of the whole table",
    null,
    [
      [4, "stored", true],
      [7, "stored", true],
    ],
  ],
  ["of a range of keys", '{"from":["2"],"through":["6"]}', [[4, "stored", true]]],
])(
  "a truncate %s from before deletes what nothing told since, and leaves what was read again, changed or made meanwhile",
  async (_of, range, swept) => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run("SET timezone = 'UTC'");
    await connection.run(`CREATE TABLE delta (${EVENTS})`);
    await connection.run(
      "CREATE TABLE stored (id BIGINT, v VARCHAR, _op VARCHAR, _source_ts TIMESTAMPTZ, _position VARCHAR, _merged_at TIMESTAMPTZ, _deleted_at TIMESTAMPTZ)",
    );
    const time = "TIMESTAMPTZ '2026-01-01 00:00:00+00'";
    // 1 to 4 from long ago; 5 and 6 told by the stream while the table was read again.
    for (const [id, place] of [
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 60],
      [6, 70],
      [7, 1],
    ])
      await connection.run(
        `INSERT INTO stored VALUES (${id}, 'stored', 'c', ${time}, '${at(place ?? 0)}', ${time}, NULL)`,
      );
    const told = [
      ["r", 1, "read again", 50],
      ["r", 2, "read again", 55],
      ["u", 3, "changed", 52],
      ["t", null, null, 49],
    ] as const;
    for (const [op, id, v, place] of told)
      await connection.run(
        `INSERT INTO delta VALUES ('s', '${op}', ${id === null ? (range === null ? "NULL" : `'${range}'`) : `'{"id":"${id}"}'`}, ${v === null ? "NULL" : `'{"id":"${id}","v":"${v}"}'`}, NULL, ${time}, ${time}, '${at(place)}')`,
      );
    const fold = await foldStream(connection, {
      relation: "delta",
      stream: "s",
      shape: eventShape(stagedLayout(SCHEMA), new Map()),
      stored: "stored",
      highPosition: at(70),
      mergedAt: time,
    });
    const rows = await rowsOf<{ id: bigint; v: string; gone: boolean }>(
      connection,
      `SELECT id, v, _deleted_at IS NOT NULL AS gone FROM temp.${fold.table} ORDER BY id`,
    );
    expect(rows.map(({ id, v, gone }) => [Number(id), v, gone])).toEqual([
      [1, "read again", false],
      [2, "read again", false],
      [3, "changed", false],
      ...swept,
    ]);
    connection.closeSync();
  },
);
