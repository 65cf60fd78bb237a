import type { RowDiff, TableDiffSummary } from "@nova/pipeline-core/orchestration";
import { expect, test } from "vitest";
import { foundText, snapshotsText } from "./diff-run.ts";

const summary: TableDiffSummary = {
  dataset: "curated.orders",
  before: "7",
  after: "8",
  snapshots: {
    before: { snapshotId: "7", state: "kept", committedAt: new Date(0), rows: 1_000 },
    after: { snapshotId: "8", state: "kept", committedAt: new Date(0), rows: 1_001 },
  },
  schema: { added: [{ id: 9, name: "channel", type: "string" }], dropped: [], changed: [], replaced: [] },
  key: ["order_id"],
  rowsToRead: 4,
};
const rows: RowDiff = {
  by: "key",
  note: null,
  onlyBefore: 0,
  onlyAfter: 1,
  both: 1_000,
  equal: 998,
  rowsRead: 5,
  columns: [
    {
      name: "total",
      nameBefore: "total",
      masked: false,
      different: 2,
      samples: [{ row: ["5"], before: "1.00", after: null }],
    },
    { name: "email", nameBefore: "email", masked: true, different: 0, samples: [] },
  ],
  shown: [{ name: "order_id", masked: false }],
  samplesOnlyBefore: [],
  samplesOnlyAfter: [["77"]],
};

test("a difference is the schema, the counts, the columns that differ with an example, and rows of one side", () => {
  expect(foundText({ dataset: "curated.orders", summary, rows }).split("\n")).toEqual([
    "curated.orders: 7 (1,000 rows) → 8 (1,001 rows)",
    "channel was added (string)",
    "2 of 1,000 rows in both differ, 1 only after",
    "COLUMN    EQUAL  DIFFER  FOR EXAMPLE",
    "total   99.80 %       2  order_id 5: 1.00 → ∅",
    "only after, for example: order_id 77",
    "masked for you: email",
  ]);
});

test("beside another environment the sides are called by where they are", () => {
  const lines = foundText({ dataset: "curated.orders", summary: { ...summary, environment: "staging" }, rows }).split(
    "\n",
  );
  expect(lines[0]).toBe("curated.orders: in staging 7 (1,000 rows), here 8 (1,001 rows)");
  expect(lines).toContain("2 of 1,000 rows in both differ, 1 only here");
  expect(lines).toContain("only here, for example: order_id 77");
});

test("an expired snapshot leaves what can still be told, and a step that wrote nothing says so", () => {
  const expired = { ...summary.snapshots.before, state: "expired", rows: null } as const;
  const left = { ...summary, schema: null, rowsToRead: null, snapshots: { ...summary.snapshots, before: expired } };
  expect(foundText({ dataset: "curated.orders", summary: left, rows: null })).toBe(
    "curated.orders: 7 (expired) → 8 (1,001 rows)\nThe rows cannot be compared any more: snapshots are kept for about an hour.",
  );
  expect(foundText({ dataset: "curated.orders", none: "It was skipped and wrote nothing." })).toBe(
    "curated.orders: It was skipped and wrote nothing.",
  );
});

test("snapshots are listed with what wrote them, and which one readers see", () => {
  const one = { committedAt: new Date("2026-11-23T12:00:00Z"), rows: 1_200 };
  const listed = snapshotsText([
    { ...one, snapshotId: "8", wrote: "upkeep", current: true },
    { ...one, snapshotId: "7", wrote: "rows", current: false },
  ]);
  expect(listed.split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "))).toEqual([
    "SNAPSHOT | COMMITTED | ROWS | WROTE",
    "8 | 2026-11-23T12:00:00Z | 1,200 | upkeep, current",
    "7 | 2026-11-23T12:00:00Z | 1,200 | rows",
  ]);
  expect(snapshotsText([])).toContain("nothing was written yet");
});
