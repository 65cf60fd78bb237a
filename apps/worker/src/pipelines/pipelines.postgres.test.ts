import type { Op } from "@nova/pipeline-core/lakehouse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "../testing/test-logger.ts";
import { eventually, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import type { Pipelines } from "./index.ts";

const PACE = {
  hot: 100,
  cold: 1_000,
  model: 100,
  lagShare: 0,
  idle: 500,
  freshness: 1_000,
  checks: 1_000,
  maintenance: 500,
};
let lake: OrderPipelines;

beforeAll(async () => {
  lake = await openOrderPipelines(silentLogger);
}, 120_000);
afterAll(() => lake.close(), 60_000);

function start(epoch: bigint, onFatal: (error: Error) => void): Promise<Pipelines> {
  return lake.start({ epoch, pace: PACE, onFatal });
}

function commit(op: Op, id: string, total: string): Promise<void> {
  return lake.append(op, {
    order_id: id,
    customer_id: "1",
    total,
    status: "paid",
    placed_at: "2026-11-01 10:00:00+00",
  });
}

async function orders(): Promise<string> {
  const built = (await lake.engine.snapshots(["curated.orders"])).get("curated.orders") !== null;
  return built ? JSON.stringify(await lake.rows("curated.orders", "order_id, CAST(total AS varchar)")) : "[]";
}

describe("pipelines on PostgreSQL and Iceberg", () => {
  it(
    "record what they did, are fenced by a newer worker, and go on where they were",
    { timeout: 180_000 },
    async () => {
      const first = await start(await lake.newEpoch(), () => undefined);
      await commit("c", "1", "10.00");
      first.notify("orders_db");
      await eventually("the order is curated", async () => (await orders()) === '[["1","10.00"]]');
      await eventually("the catalog knows the commit", async () => {
        const { rows } = await lake.db.pool.query(
          "SELECT row_count, data_through, snapshot_id FROM datasets WHERE name = 'curated.orders'",
        );
        return Number(rows[0]?.row_count) === 1 && rows[0]?.data_through !== null && rows[0]?.snapshot_id !== null;
      });
      await first.stop();

      let fenced: Error | null = null;
      const old = await start(await lake.newEpoch(), (error) => {
        fenced = error;
      });
      const epoch = await lake.newEpoch();
      await commit("u", "1", "12.00");
      old.notify("orders_db");
      await eventually("the older worker is told", () => fenced !== null);
      await old.stop();
      expect(fenced).toMatchObject({ kind: "stale-writer" });
      expect(await lake.rows("staged.orders_db__orders", "CAST(total AS varchar)")).toEqual([["10.00"]]);

      const next = await start(epoch, () => undefined);
      await commit("c", "2", "5.00");
      next.notify("orders_db");
      await eventually("both changes arrive once", async () => (await orders()) === '[["1","12.00"],["2","5.00"]]');
      await next.stop();
      const { rows } = await lake.db.pool.query(
        "SELECT r.state, s.state AS step FROM runs r JOIN steps s ON s.run_id = r.id WHERE s.dataset = 'curated.orders' ORDER BY r.created_at",
      );
      expect(rows.length).toBeGreaterThanOrEqual(2);
      expect(
        rows.every((row: { state: string; step: string }) => row.state === "succeeded" && row.step === "succeeded"),
      ).toBe(true);
    },
  );
});
