/**
 * Figures of this package on this machine, as a table and as JSON. Sizes shrink with `--scale 0.1`. Where `python3` can
 * import pyiceberg, PyIceberg does the same on the same rows, tables and files, and its figures stand beside ours.
 * Nothing here is asserted: compare the ratios, not the milliseconds of a busy machine.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { memoryCatalog } from "../src/catalogs/memory/index.ts";
import { executeCompaction, openLakehouse, planCompaction, where, type Table } from "../src/index.ts";
import { folderStorage } from "../src/storage/folder/index.ts";
import { pyiceberg } from "./peer/pyiceberg.ts";

const { values } = parseArgs({ options: { scale: { type: "string", default: "1" } } });
const scale = Number(values.scale);
const folder = await mkdtemp(join(tmpdir(), "iceberg-bench-"));
const duckdb = await DuckDBInstance.create(":memory:");
const connection = await duckdb.connect();
const lakehouse = openLakehouse({
  catalog: memoryCatalog(),
  storage: folderStorage(folder),
  duckdb,
  warehouse: folder,
});
const rounded = (value: number): number => Math.round(value * 100) / 100;
const figures: { figure: string; value: number; unit: string; goal: string; pyiceberg: number | string | null }[] = [];
const peer = pyiceberg(folder);
/** `theirs` asks PyIceberg for the same, after ours: never both at once. */
const report = async (
  figure: string,
  value: number,
  unit: string,
  goal: string,
  theirs?: Parameters<NonNullable<typeof peer>>,
): Promise<void> => {
  const beside = theirs !== undefined && peer !== null ? await peer(...theirs) : null;
  figures.push({
    figure,
    value: rounded(value),
    unit,
    goal,
    pyiceberg: typeof beside === "number" ? rounded(beside) : beside,
  });
};
const timed = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
};
const best = async (work: () => Promise<unknown>, rounds = 3): Promise<number> => {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push((await timed(work))[0]);
  return Math.min(...times);
};
const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;

const rows = Math.round(5_000_000 * scale);
const columns = [
  { name: "id", type: "long" },
  ...["customer", "hash", "status"].map((name) => ({ name, type: "string" })),
  ...["x", "y", "z"].map((name) => ({ name, type: "double" })),
  { name: "at", type: "timestamptz" },
  { name: "day", type: "date" },
  { name: "amount", type: "decimal(18,2)" },
];
const select = (
  count: number,
  from = 0,
): string => `SELECT (i + ${from})::BIGINT AS id, 'customer-' || (i % 10000) AS customer, md5(i::VARCHAR) AS hash, 'status' || (i % 5) AS status,
  random() AS x, random() * 100 AS y, (i * 0.5)::DOUBLE AS z, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(i) AS at, DATE '2026-01-01' + (i // 86400)::INTEGER AS day,
  ((i % 100000) / 100)::DECIMAL(18,2) AS amount FROM range(${count}) t(i)`;
try {
  // Warm caches once, then alternate bare COPY and append, so that both see the same machine.
  const bare: number[] = [];
  const appended: number[] = [];
  let table: Table = await lakehouse.createTable(
    { namespace: "bench", name: "wide" },
    { schema: columns, key: ["id"] },
  );
  for (let round = 0; round < 2; round += 1) {
    bare.push(
      (
        await timed(async () =>
          connection.run(
            `COPY (${select(rows)}) TO '${folder}/bare-${round}.parquet' (FORMAT parquet, COMPRESSION zstd)`,
          ),
        )
      )[0],
    );
    const [time, next] = await timed(async () =>
      lakehouse.commit(await table.stageAppend({ connection, query: select(rows, round * rows) })),
    );
    appended.push(time);
    table = next.table;
  }
  await report("append, speed relative to a bare COPY", Math.min(...bare) / Math.min(...appended), "x", "≥ 0.85");

  const whole = await lakehouse.createTable({ namespace: "bench", name: "from_parquet" }, { schema: columns });
  const fromParquet = await timed(async () =>
    lakehouse.commit(
      await whole.stageAppend({ connection, query: `SELECT * FROM read_parquet('${folder}/bare-0.parquet')` }),
    ),
  );
  await report(`append of ${rows} rows from Parquet, committed`, fromParquet[0], "ms", "", [
    "append",
    `${folder}/bare-0.parquet`,
  ]);

  const changes = Math.round(300_000 * scale);
  await connection.run(
    `CREATE TEMP TABLE changed AS SELECT * REPLACE ((id * 33) % ${2 * rows} AS id) FROM (${select(changes)})`,
  );
  const merge = await timed(async () =>
    lakehouse.commit(await table.stageMerge({ connection, query: "SELECT * FROM changed", key: ["id"] })),
  );
  await connection.run(`COPY changed TO '${folder}/changed.parquet' (FORMAT parquet)`);
  await report(
    `merge of ${changes} keys into ${2 * rows} rows`,
    merge[0],
    "ms",
    "≤ 2000",
    // The table as it was before our merge.
    ["upsert", table.metadataLocation, `${folder}/changed.parquet`],
  );
  table = merge[1].table;

  const tenth = await lakehouse.commit(
    await table.stageDelete({
      connection,
      keys: { query: `SELECT i * 10 AS id FROM range(${Math.round(rows / 5)}) t(i)`, columns: ["id"] },
    }),
  );
  const aggregate = async (source: string): Promise<unknown> =>
    connection.runAndReadAll(
      `SELECT count(*), sum(x), max(hash), max(customer), sum(amount), max("at") FROM ${source}`,
    );
  const dirty = await tenth.table.scan().toSql();
  const clean = await table.scan({ snapshotId: table.metadata.snapshots[1]?.["snapshot-id"] as bigint }).toSql();
  const [cleanTime, dirtyTime] = [await best(async () => aggregate(clean)), await best(async () => aggregate(dirty))];
  await report("scan with 10% of rows deleted, relative to clean", dirtyTime / cleanTime, "x", "≤ 2.5");
  await report("scan with 10% of rows deleted, six aggregates", dirtyTime, "ms", "", [
    "read",
    tenth.table.metadataLocation,
  ]);

  const copied = await timed(async () =>
    connection.run(`COPY (SELECT * FROM ${clean}) TO '${folder}/rewrite.parquet' (FORMAT parquet, COMPRESSION zstd)`),
  );
  const plan = await planCompaction(tenth.table, { deleteRatio: 0.01 });
  const compacted = await timed(async () => executeCompaction(tenth.table, plan, { connection }));
  await report("compaction, speed relative to a bare read-and-COPY", copied[0] / compacted[0], "x", "≥ 0.8");

  let small = await lakehouse.createTable(
    { namespace: "bench", name: "small" },
    {
      schema: [
        { name: "id", type: "long" },
        { name: "v", type: "string" },
      ],
      key: ["id"],
    },
  );
  const commits: number[] = [];
  const merges: number[] = [];
  for (let n = 0; n < 1_100; n += 1) {
    const staged = await small.stageAppend({ connection, query: `SELECT ${n} AS id, 'v' AS v` });
    const [time, next] = await timed(async () => lakehouse.commit(staged));
    commits.push(time);
    small = next.table;
  }
  const appends: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const [time, next] = await timed(async () =>
      lakehouse.commit(await small.stageAppend({ connection, query: `SELECT ${n} AS id, 'v' AS v` })),
    );
    appends.push(time);
    small = next.table;
  }
  await report("append of one row, staged and committed, p50", percentile(appends, 0.5), "ms", "", [
    "commit",
    small.metadataLocation,
    "5",
  ]);
  for (let n = 0; n < 100; n += 1) {
    const [time, next] = await timed(async () =>
      lakehouse.commit(await small.stageMerge({ connection, query: `SELECT ${n * 7} AS id, 'w' AS v`, key: ["id"] })),
    );
    merges.push(time);
    small = next.table;
  }
  await report("commit of one file, 1,000 snapshots, p50", percentile(commits.slice(-100), 0.5), "ms", "≤ 15");
  await report("commit of one file, 1,000 snapshots, p95", percentile(commits.slice(-100), 0.95), "ms", "");
  await report("merge of one row, staged and committed, p50", percentile(merges, 0.5), "ms", "");

  const many = await lakehouse.createTable(
    { namespace: "bench", name: "many" },
    { schema: columns, partitionBy: [{ column: "id", transform: "truncate[1]" }] },
  );
  const files = Math.round(10_000 * scale);
  const { table: wide } = await lakehouse.commit(await many.stageAppend({ connection, query: select(files) }));
  const stranger = openLakehouse({
    catalog: { ...memoryCatalog(), currentMetadata: async () => wide.metadataLocation },
    storage: folderStorage(folder),
    duckdb,
    warehouse: folder,
  });
  const cold = await stranger.loadTable(wide.identifier);
  const [planTime] = await timed(async () => cold.scan().files());
  await report(`plan a scan of ${files} files, cold`, planTime, "ms", "≤ 150", ["plan", wide.metadataLocation]);
  await report(
    `plan a filtered scan of ${files} files, warm`,
    await best(async () => cold.scan({ filter: where.lt("id", 10) }).files()),
    "ms",
    "≤ 150",
    ["plan-filtered", wide.metadataLocation, "id < 10"],
  );
} finally {
  connection.closeSync();
  await rm(folder, { recursive: true, force: true });
}
const row = (figure: string, value: string, unit: string, goal: string, beside: string): void =>
  console.log(`${figure.padEnd(52)} ${value.padStart(10)} ${unit.padEnd(3)} ${goal.padEnd(7)} ${beside.padStart(12)}`);
row("", "ours", "", "goal", peer === null ? "" : "PyIceberg");
for (const line of figures)
  row(line.figure, String(line.value), line.unit, line.goal, line.pyiceberg === null ? "" : String(line.pyiceberg));
if (peer === null)
  console.log('PyIceberg is not beside it: python3 cannot import it (pip install "pyiceberg[sql-sqlite,pyarrow]").');
console.log(JSON.stringify({ package: "@nova/iceberg", node: process.version, scale, figures }));
