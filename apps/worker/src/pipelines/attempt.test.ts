import { type ModelFile, modelHeaderSchema } from "@nova/pipeline-core/catalog";
import { describe, expect, it } from "vitest";
import { withinTime } from "./attempt.ts";
import { openShop } from "./testing.ts";

const INPUT = "staged.orders_db__orders";

function model(name: string, sql: string): ModelFile {
  const header = modelHeaderSchema.parse({
    description: "Counts something, sooner or later.",
    owner: "test",
    pipeline: "marts",
    kind: "full",
    key: "id",
    target_lag: "60s",
    timeout: "1s",
    inputs: { [INPUT]: {} },
    columns: {
      id: { type: "long", required: true, description: "The only one." },
      counted: { type: "long", required: true, description: "How many there were." },
    },
  });
  return { name, path: `models/${name}.sql`, header, sql, sqlLine: 1, codeVersion: name };
}

const numbers = (letter: string, count: number): string => `UNNEST(sequence(1, ${count})) AS ${letter} (n)`;
const counting = (count: number): string =>
  `SELECT 1 AS id, count(*) AS counted FROM ${numbers("a", count)} CROSS JOIN ${numbers("b", count)} CROSS JOIN ${numbers("c", count)}
   WHERE a.n * b.n % 7 <> c.n % 5 AND a.n NOT IN (SELECT order_id FROM ${INPUT})`;

describe("the time limit of an attempt, on the engine", () => {
  it("ends a query that would take hours, publishes nothing of it, and harms nothing else", async () => {
    const shop = await openShop(() => new Date());
    const { engine } = shop;
    try {
      await shop.feed([{ source: "orders_db", stream: "public.orders", op: "c", row: { order_id: "900" } }]);
      const attempt = (file: ModelFile, limit: number | null) =>
        withinTime(file.name, limit, new AbortController().signal, (signal) =>
          engine.refreshModel({ model: file, consumed: new Map(), within: async () => undefined, signal }),
        );
      const endless = model("mart.endless", counting(20_000));
      const others = attempt(model("mart.quick", counting(10)), null);
      await expect(attempt(endless, 300)).rejects.toMatchObject({
        kind: "timed-out",
        message: expect.stringMatching(/^mart.endless took longer than .*, its time limit, and was interrupted/),
      });
      expect(await others).toMatchObject({ rowsOut: 1 });
      expect((await engine.snapshots([endless.name])).get(endless.name)).toBeNull();
      // The connection that was interrupted is gone; the next attempt has one of its own.
      expect(await attempt({ ...model(endless.name, counting(10)), codeVersion: "mended" }, null)).toMatchObject({
        rowsOut: 1,
      });
    } finally {
      await shop.close();
    }
  });
});
