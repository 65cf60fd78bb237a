import {
  decideDrift,
  type DriftChoice,
  type SavedSchema,
  saveSchema,
  type StreamColumn,
  type StreamRecord,
  type StreamSchema,
} from "@nova/pipeline-core/connectors";
import { emptyEnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTestLake, readRows } from "./testing.ts";

const DATASET = "staged.orders_db__orders";
const column = (name: string, type: string): StreamColumn => ({
  name,
  sourceType: type,
  type,
  nullable: true,
  description: "",
  pii: "none",
});
const ORDERS: StreamSchema = {
  stream: "public.orders",
  version: 1,
  key: ["id"],
  description: "",
  columns: [column("id", "long"), column("total", "int"), column("note", "string")],
};

let engine: LakeEngine;
let record: StreamRecord;
let ordinal: number;
let consumed: string | null;
let refused: number;
const now = new Date("2026-01-10T12:00:00Z");

beforeEach(async () => {
  engine = await openTestLake({ clock: { now: () => now } });
  ordinal = 0;
  consumed = null;
  refused = 0;
  record = {
    source: "orders_db",
    stream: ORDERS.stream,
    schema: ORDERS,
    state: "streaming",
    rowsRead: 0,
    rowsExpected: null,
    cursor: null,
  };
});
afterEach(() => engine.close());

type Payload = Record<string, string | null>;

async function append(rows: readonly { op?: "u" | "d"; key?: Payload; row: Payload; unchanged?: string[] }[]) {
  const columns = emptyEnvelopeColumns();
  for (const { op = "u", key, row, unchanged } of rows) {
    ordinal += 1;
    columns.stream.push(ORDERS.stream);
    columns.op.push(op);
    columns.key.push(JSON.stringify(key ?? { id: row["id"] }));
    columns.payload.push(op === "d" ? null : JSON.stringify(row));
    columns.unchanged.push(unchanged === undefined ? null : JSON.stringify(unchanged));
    columns.sourceTs.push(0n);
    columns.position.push(`A.${String(ordinal).padStart(10, "0")}`);
    columns.schemaVersion.push(record.schema.version);
  }
  await engine.rawStore.append({
    source: "orders_db",
    input: { from: "columns", columns },
    batchId: `b${ordinal}`,
    ingestedAt: now,
    within: async () => undefined,
    position: `A.${ordinal}`,
  });
}

async function load() {
  const delta = await engine.openDelta({ source: "orders_db", from: consumed, only: null, except: [], maxRows: 1e6 });
  if (delta === null) throw new Error("nothing to load");
  const change = await engine.loadStaged({
    delta,
    dataset: DATASET,
    schema: record.schema,
    kind: "merge",
    within: async () => undefined,
    onRefused: async (_rows, total) => void (refused += total),
  });
  consumed = delta.to;
  await delta.close();
  return change;
}

function changeTo(columns: readonly StreamColumn[], key = record.schema.key): SavedSchema {
  const saved = saveSchema("orders_db", record, { ...record.schema, columns, key }, "include", {});
  record = saved.record;
  return saved;
}

function settle({ drift }: SavedSchema, choice: DriftChoice, target: string | null = null): void {
  const item = drift.find(({ state }) => state === "open");
  if (item === undefined) throw new Error("nothing is open");
  const { staged } = decideDrift(record, item, { choice, target });
  const { staged: _, ...schema } = record.schema;
  record = { ...record, schema: { ...schema, ...(staged === undefined ? {} : { staged }) } };
}

const [id, total, note] = ORDERS.columns as [StreamColumn, StreamColumn, StreamColumn];
const rows = (select: string) => readRows(engine, DATASET, select);
const names = async () =>
  (await engine.columns(DATASET)).map((each) => each.name).filter((name) => !name.startsWith("_"));

describe("a dataset under drift", () => {
  beforeEach(async () => {
    await append([{ row: { id: "1", total: "10", note: "a" } }, { row: { id: "2", total: "20", note: "b" } }]);
    await load();
  });

  it("rows from before and after a rename that was mapped stand in one column, also those read in one load", async () => {
    await append([{ row: { id: "3", total: "30", note: "c" } }]);
    const saved = changeTo([id, column("amount", "int"), note]);
    await append([
      { row: { id: "2", amount: "21", note: "b" } },
      { row: { id: "4", amount: null, note: "d" } },
      { row: { id: "3", note: "changed" }, unchanged: ["amount"] },
    ]);
    settle(saved, "map");
    await load();
    expect(await rows("id, total, note")).toEqual([
      ["1", 10, "a"],
      ["2", 21, "b"],
      ["3", 30, "changed"],
      ["4", null, "d"],
    ]);
    expect(await names()).toEqual(["id", "total", "note"]);
  });

  it("while a rename is open, older rows keep their value and changed ones are empty; accepting makes it two columns", async () => {
    await append([{ row: { id: "3", total: "30", note: "c" } }]);
    const saved = changeTo([id, column("amount", "int"), note]);
    await append([{ row: { id: "2", amount: "21", note: "b" } }]);
    await load();
    expect(await rows("id, total")).toEqual([
      ["1", 10],
      ["2", null],
      ["3", 30],
    ]);
    settle(saved, "accept");
    await append([{ row: { id: "1", amount: "11", note: "a" } }]);
    await load();
    expect(await rows("id, total, amount")).toEqual([
      ["1", null, 11],
      ["2", null, null],
      ["3", 30, null],
    ]);
  });

  it("a type that does not fit keeps the dataset's, empty where it must be; accepting takes the new one over", async () => {
    const saved = changeTo([id, column("total", "string"), note]);
    await append([{ row: { id: "1", total: "12", note: "a" } }, { row: { id: "2", total: "many", note: "b" } }]);
    await load();
    expect(await rows("id, total")).toEqual([
      ["1", 12],
      ["2", null],
    ]);
    expect(refused).toBe(0);
    settle(saved, "accept");
    await append([{ row: { id: "1", total: "12", note: "a" } }, { row: { id: "2", total: "many", note: "b" } }]);
    await load();
    expect(await rows("id, total")).toEqual([
      ["1", "12"],
      ["2", "many"],
    ]);
    await append([{ row: { id: "1", total: "13", note: "a" } }]);
    await load();
    expect(await rows("id, total")).toEqual([
      ["1", "13"],
      ["2", "many"],
    ]);
  });

  it("a dropped column stays until accepting takes it out", async () => {
    const saved = changeTo([id, total]);
    await append([{ row: { id: "2", total: "21" } }]);
    await load();
    expect(await rows("id, note")).toEqual([
      ["1", "a"],
      ["2", null],
    ]);
    settle(saved, "accept");
    await append([{ row: { id: "1", total: "11" } }]);
    await load();
    expect(await names()).toEqual(["id", "total"]);
  });

  it("an accepted key keeps the rows, the newest of each key, and tells old changes by the row", async () => {
    await append([{ row: { id: "1", total: "30", note: "a" } }]);
    const saved = changeTo(ORDERS.columns, ["note"]);
    await append([{ key: { note: "b" }, row: { id: "9", total: "90", note: "b" } }]);
    settle(saved, "accept");
    await load();
    expect(await rows("note, id, total")).toEqual([
      ["a", "1", 30],
      ["b", "9", 90],
    ]);
    await append([{ op: "d", key: { note: "a" }, row: {} }]);
    await load();
    expect(await rows("note, _deleted_at IS NULL")).toEqual([
      ["a", false],
      ["b", true],
    ]);
    expect(refused).toBe(0);
  });
});
