import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executeExpireSnapshots, planExpireSnapshots, type Lakehouse, type Table } from "../index.ts";
import { type JdbcTestLakehouse, openJdbcTestLakehouse } from "../test-jdbc-lakehouse.ts";
import { askPeer, PEER_CATALOG, pyicebergMissing } from "./test-peer.ts";

const PEER = new URL("./pyiceberg_refs_peer.py", import.meta.url);

describe.skipIf(pyicebergMissing !== null)(
  `PyIceberg and our branches, tags and staged snapshots${pyicebergMissing === null ? "" : ` (skipped: ${pyicebergMissing})`}`,
  () => {
    let lake: JdbcTestLakehouse;
    let connection: DuckDBConnection;
    let lakehouse: Lakehouse;

    beforeAll(async () => {
      lake = await openJdbcTestLakehouse(PEER_CATALOG);
      ({ connection, lakehouse } = lake);
    }, 120_000);
    afterAll(() => lake.close());

    const python = <T>(table: string, command: string, argument?: string): Promise<T> =>
      askPeer(PEER, lake, table, command, argument);
    const append = async (table: Table, n: number, publish = true): Promise<{ table: Table; snapshotId: bigint }> =>
      lakehouse.commit(await table.stageAppend({ connection, query: `SELECT ${n}::BIGINT AS id` }), { publish });
    const ids = async (table: Table, options = {}): Promise<number[]> =>
      (await connection.runAndReadAll(`SELECT id FROM ${await table.scan(options).toSql()} ORDER BY id`))
        .getRowsJson()
        .map(([id]) => Number(id));
    const create = (name: string): Promise<Table> =>
      lakehouse.createTable({ namespace: "interop", name }, { schema: [{ name: "id", type: "long" }] });

    test("it sees our branches, tags, rollbacks and published snapshots, and nothing of staged ones", async () => {
      let { table } = await append(await create("refs"), 1);
      table = await table.createTag("first", { retention: { maxRefAgeMs: 1_000_000_000_000 } });
      table = await table.createBranch("audit", { retention: { minSnapshotsToKeep: 3, maxSnapshotAgeMs: 5_000 } });
      await append(await table.onBranch("audit"), 2);
      ({ table } = await append(await table.refresh(), 3));
      const bad = table.currentSnapshotId;
      table = await table.rollbackTo({ timestamp: table.metadata.snapshots[0]?.["timestamp-ms"] as number });
      const staged = await append(table, 4, false);
      await append(await table.refresh(), 5, false);
      const published = await lakehouse.publishSnapshot(table.identifier, staged.snapshotId);
      const seen = await python<{ refs: Record<string, object>; log: string[]; current: number[] }>("refs", "refs");
      expect(seen.current).toEqual([1, 4]);
      expect(seen.refs["audit"]).toMatchObject({ "min-snapshots-to-keep": 3, "max-snapshot-age-ms": 5_000 });
      expect(seen.refs["first"]).toMatchObject({ type: "tag", "max-ref-age-ms": 1_000_000_000_000 });
      expect(seen.log.slice(-3)).toEqual(
        [bad, published.table.metadata.snapshots[0]?.["snapshot-id"], staged.snapshotId].map(String),
      );
      expect(await python("refs", "read", "audit")).toEqual([1, 2]);
      expect(await python("refs", "read", "first")).toEqual([1]);
      table = published.table;
      await executeExpireSnapshots(table, await planExpireSnapshots(table, { olderThan: Date.now() + 60_000 }));
      expect(await python("refs", "read", "audit")).toEqual([1, 2]);
      expect(await python("refs", "append", "9")).toEqual([1, 4, 9]);
      expect(await ids(await table.refresh())).toEqual([1, 4, 9]);
    }, 180_000);

    test("we go on with the branches and tags it makes", async () => {
      let { table } = await append(await create("theirs"), 1);
      expect(await python("theirs", "branch", "dev")).toEqual([1]);
      table = await table.refresh();
      expect(table.refs()).toMatchObject([
        { name: "dev", type: "branch" },
        { name: "dev-kept", type: "branch", minSnapshotsToKeep: 2 },
        { name: "dev-tag", type: "tag" },
        { name: "main", type: "branch" },
      ]);
      const dev = (await append(await table.onBranch("dev"), 2)).table;
      expect(await ids(dev)).toEqual([1, 2, 77]);
      expect(await python("theirs", "read", "dev")).toEqual([1, 2, 77]);
      await (await table.refresh()).fastForward("main", "dev");
      expect(await python<{ current: number[] }>("theirs", "refs")).toMatchObject({ current: [1, 2, 77] });
      expect(await python("theirs", "inspect")).toEqual([
        ["dev", "BRANCH", null],
        ["dev-kept", "BRANCH", 2],
        ["dev-tag", "TAG", null],
        ["main", "BRANCH", null],
      ]);
    }, 180_000);
  },
);
