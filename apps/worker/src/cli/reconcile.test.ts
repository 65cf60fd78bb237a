import { Command } from "commander";
import { expect, test } from "vitest";
import { addReconcileCommand, comparisonsText, comparisonText } from "./reconcile.ts";
import type { WorkerClient } from "./worker-client.ts";

const DIFFERENT = {
  id: "c1",
  source: "orders_db",
  stream: "public.orders",
  state: "different",
  requestedAt: "2026-11-23T09:00:00.000Z",
  outcome: {
    message: "1 keys differ in 1 of 3 ranges: 9 rows in the source, 9 in the dataset",
    sourceRows: 9,
    datasetRows: 9,
    differences: 1,
    moving: 0,
    quarantined: 0,
    repaired: 0,
    keys: [{ key: { order_id: "5" }, kind: "missing" }],
    leftOut: ["ratio"],
  },
} as const;

test("a comparison names the keys that differ and the columns it could not look at", () => {
  expect(
    comparisonText({
      ...DIFFERENT,
      outcome: { ...DIFFERENT.outcome, keys: [...DIFFERENT.outcome.keys], leftOut: ["ratio"] },
    }),
  ).toBe(
    [
      "public.orders: 1 keys differ in 1 of 3 ranges: 9 rows in the source, 9 in the dataset",
      '  missing    {"order_id":"5"}',
      "  not compared: ratio",
    ].join("\n"),
  );
  expect(comparisonText({ ...DIFFERENT, state: "running", outcome: null })).toBe("public.orders: under way");
  expect(comparisonsText([])).toBe("nothing was compared yet; name a stream");
});

const EQUAL = {
  ...DIFFERENT,
  id: "c2",
  stream: "public.lines",
  state: "equal",
  outcome: {
    ...DIFFERENT.outcome,
    message: "equal: 1200 rows in the source, 1194 in the dataset; 6 rows of the source are in quarantine",
    sourceRows: 1200,
    datasetRows: 1194,
    differences: 0,
    quarantined: 6,
    keys: [],
    leftOut: [],
  },
};

/** Everything is asked first; each look at one finds it ended. */
async function compareAll(asked: readonly { id: string }[], left: readonly { stream: string; why: string }[]) {
  let printed = "";
  const looks: string[] = [];
  const worker: WorkerClient = {
    get(path, _query, schema) {
      looks.push(path);
      return Promise.resolve(schema.parse(asked.find(({ id }) => path.endsWith(id))) as never);
    },
    post: (_path, _body, schema) =>
      Promise.resolve(
        schema.parse({ asked: asked.map((each) => ({ ...each, state: "asked", outcome: null })), left }) as never,
      ),
  };
  const sources = new Command("sources").exitOverride();
  addReconcileCommand(sources, {
    worker: () => Promise.resolve(worker),
    print: (text) => (printed += `${text}\n`),
    printJson: (value) => (printed += JSON.stringify(value)),
  });
  const failure = await sources.parseAsync(["reconcile", "orders_db", "--all"], { from: "user" }).then(
    () => null,
    (error: Error) => error.message,
  );
  return { printed: printed.replace(/in \d+ s/, "in 1 s"), failure, looks };
}

test("all of a source: a line for each, totals, and failure when one differs or does not stream", async () => {
  const wrong = await compareAll([DIFFERENT, EQUAL], [{ stream: "public.broken", why: "failed" }]);
  expect(wrong.printed).toBe(
    [
      "[1/2] public.orders: 1 keys differ in 1 of 3 ranges: 9 rows in the source, 9 in the dataset",
      '  missing    {"order_id":"5"}',
      "  not compared: ratio",
      "[2/2] public.lines: equal: 1200 rows in the source, 1194 in the dataset; 6 rows of the source are in quarantine",
      "  in quarantine: nova sources quarantine orders_db --samples",
      "in quarantine: 6 rows; nova sources quarantine orders_db --samples",
      "orders_db: 2 streams compared in 1 s: 1 equal, 0 repaired, 1 different, 0 failed; 1,209 rows in the source, 1,203 in the datasets; 1 keys differ, 0 were repaired, 0 changed all the time and were not judged",
      "not compared: public.broken (failed)",
      "",
    ].join("\n"),
  );
  expect(wrong.failure).toBe("2 of orders_db are not proven equal");
  const right = await compareAll([EQUAL], [{ stream: "public.keyless", why: "no-key" }]);
  expect(right.printed).toContain("not compared: public.keyless (no key)");
  expect(right.failure).toBeNull();
  expect(right.looks).toEqual(["/sources/orders_db/reconciliations/c2"]);
});
