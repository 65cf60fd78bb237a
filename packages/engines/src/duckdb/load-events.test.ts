import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { openLakehouse } from "@nova/iceberg";
import { memoryCatalog } from "@nova/iceberg/catalogs/memory";
import { folderStorage } from "@nova/iceberg/storage/folder";
import type { StreamSchema } from "@nova/pipeline-core/connectors";
import { emptyEnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import { expect, test } from "vitest";
import { lakeEngineOn } from "./open-lake-engine.ts";
import { readRows } from "./testing.ts";

const EVENTS: StreamSchema = {
  stream: "events",
  version: 1,
  key: [],
  description: "",
  columns: [
    { name: "n", sourceType: "int", type: "int", nullable: true, description: "", pii: "none", path: "/n" },
    { name: "text", sourceType: "string", type: "string", nullable: true, description: "", pii: "none", path: "/text" },
  ],
};

test("events stand in the partition of their hour, whether a load brings one hour or several", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nova-test-events-"));
  const catalog = memoryCatalog();
  const lakeDir = join(folder, "lake");
  const ingestedAt = new Date("2026-11-23T12:00:01Z");
  const quiet = () => undefined;
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, with: () => logger };
  const engine = await lakeEngineOn(
    catalog,
    {
      lakeDir,
      tempDir: join(folder, "spill"),
      memoryLimit: "300MB",
      threads: 1,
      clock: { now: () => ingestedAt },
      logger,
      contracts: {},
    },
    (work) => work({ query: async () => ({ rows: [], rowCount: 0 }) }),
  );
  const instance = await DuckDBInstance.create(":memory:");
  const lakehouse = openLakehouse({
    catalog,
    storage: folderStorage(lakeDir),
    duckdb: instance,
    warehouse: lakeDir,
  });
  let from: string | null = null;
  const load = async (...times: readonly (string | null)[]): Promise<void> => {
    const columns = emptyEnvelopeColumns();
    times.forEach((time, n) => {
      columns.stream.push("events");
      columns.op.push("c");
      columns.key.push(null);
      columns.payload.push(JSON.stringify({ n, text: "an event" }));
      columns.unchanged.push(null);
      columns.sourceTs.push(time === null ? null : BigInt(Date.parse(time)) * 1000n);
      columns.position.push(String(n));
      columns.schemaVersion.push(1);
    });
    const batch = { source: "app_logs" as const, batchId: String(from), ingestedAt, position: String(from) };
    await engine.rawStore.append({
      ...batch,
      input: { from: "columns", columns },
      within: async () => undefined,
    });
    const delta = await engine.openDelta({
      source: "app_logs",
      from,
      only: ["events"],
      except: [],
      maxRows: 1000,
    });
    if (delta === null) throw new Error("nothing to load");
    await engine.loadStaged({
      delta,
      dataset: "staged.app_logs__events",
      schema: EVENTS,
      kind: "append",
      onRefused: async () => undefined,
      within: async () => undefined,
    });
    from = delta.to;
    await delta.close();
  };
  const partitions = async () => {
    const table = await lakehouse.loadTable({ namespace: "staged", name: "app_logs__events" });
    const known = await table.metadataTables.partitions();
    return known.map(({ partition, recordCount }) => `${partition}: ${recordCount}`).toSorted();
  };
  try {
    await load("2026-11-23T11:00:00Z", "2026-11-23T11:59:59.999Z");
    expect(await partitions()).toEqual(["_source_ts_hour=498731: 2"]);
    // An event without a time of its own stands where it came in.
    await load("2026-11-23T11:59:59Z", "2026-11-23T12:00:00Z", null);
    expect(await partitions()).toEqual(["_source_ts_hour=498731: 3", "_source_ts_hour=498732: 2"]);
    await load(null, "2026-11-23T12:30:00Z");
    expect(await partitions()).toEqual(["_source_ts_hour=498731: 3", "_source_ts_hour=498732: 4"]);
    expect(await readRows(engine, "staged.app_logs__events", "count(*)")).toEqual([["7"]]);
  } finally {
    instance.closeSync();
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
});
