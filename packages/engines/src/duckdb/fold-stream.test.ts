import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { stagedLayout, type StreamSchema } from "@nova/pipeline-core/connectors";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foldStream } from "./fold-stream.ts";
import { rowsOf } from "./rows.ts";
import { eventShape } from "./staged-events-sql.ts";

/** The free-text column under a name of its own: a source may well call a column as the envelope calls a field. */
const schemaWith = (note: string): StreamSchema => ({
  stream: "public.items",
  version: 1,
  key: ["id"],
  description: "",
  columns: [
    { name: "id", sourceType: "bigint", type: "long", nullable: false, description: "", pii: "none" },
    { name: "Price", sourceType: "numeric(12,2)", type: "decimal(12,2)", nullable: true, description: "", pii: "none" },
    { name: note, sourceType: "text", type: "string", nullable: true, description: "", pii: "none" },
  ],
});
const shapeWith = (note: string) => eventShape(stagedLayout(schemaWith(note)), new Map());
const SHAPE = shapeWith("note");

interface Event {
  op: "c" | "u" | "d" | "r" | "t";
  id: number;
  price: string | null;
  note: string | null;
  unchanged: string[];
}
interface Row {
  price: string | null;
  note: string | null;
  deleted: string | null;
  op: string;
  position: string;
}

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET timezone = 'UTC'");
});
afterAll(() => connection.closeSync());

const position = (index: number) => `${"0".repeat(15)}A.${String(index).padStart(10, "0")}`;
const time = (index: number) => `2026-01-01 00:00:${String(index % 60).padStart(2, "0")}+00`;

/** What the staged rows must be after the events, told event by event. */
function oracle(events: readonly Event[]): Map<number, Row> {
  const rows = new Map<number, Row>();
  events.forEach((event, index) => {
    if (event.op === "t") {
      for (const [id, row] of rows)
        if (row.deleted === null) rows.set(id, { ...row, deleted: time(index), op: "d", position: position(index) });
      return;
    }
    const before = rows.get(event.id);
    if (event.op === "d") {
      rows.set(event.id, {
        price: before?.price ?? null,
        note: before?.note ?? null,
        deleted: before?.deleted ?? time(index),
        op: "d",
        position: position(index),
      });
      return;
    }
    const price = event.unchanged.includes("Price") ? (before?.price ?? null) : event.price;
    const note = event.unchanged.includes("note") ? (before?.note ?? null) : event.note;
    rows.set(event.id, { price, note, deleted: null, op: event.op, position: position(index) });
  });
  return rows;
}

async function load(events: readonly Event[], first: number, note = "note"): Promise<void> {
  await connection.run(
    "CREATE OR REPLACE TABLE delta (stream VARCHAR, op VARCHAR, key VARCHAR, payload VARCHAR, unchanged VARCHAR, source_ts TIMESTAMPTZ, ingested_at TIMESTAMPTZ, position VARCHAR)",
  );
  const values = events.map((event, offset) => {
    const index = first + offset;
    const payload: Record<string, string | null> = { id: String(event.id) };
    if (!event.unchanged.includes("Price")) payload.Price = event.price;
    if (!event.unchanged.includes("note")) payload[note] = event.note;
    const body = event.op === "d" || event.op === "t" ? "NULL" : `'${JSON.stringify(payload).replaceAll("'", "''")}'`;
    const key = event.op === "t" ? "NULL" : `'{"id":"${event.id}"}'`;
    const left = event.unchanged.map((name) => (name === "note" ? note : name));
    const unchanged = left.length === 0 ? "NULL" : `'${JSON.stringify(left)}'`;
    return `('public.items', '${event.op}', ${key}, ${body}, ${unchanged}, '${time(index)}', '${time(index)}', '${position(index)}')`;
  });
  if (values.length > 0) await connection.run(`INSERT INTO delta VALUES ${values.join(", ")}`);
}

async function merge(highPosition: string | null, note = "note"): Promise<string | null> {
  const result = await foldStream(connection, {
    relation: "delta",
    stream: "public.items",
    shape: shapeWith(note),
    stored: "stored",
    highPosition,
    mergedAt: "now()",
  });
  await connection.run("DELETE FROM stored USING fold_out o WHERE stored.id = o.id");
  await connection.run("INSERT INTO stored BY NAME SELECT * FROM fold_out");
  return result.highPosition;
}

async function freshTable(note = "note"): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TABLE stored (id BIGINT, price DECIMAL(12,2), "${note}" VARCHAR, _op VARCHAR, _source_ts TIMESTAMPTZ, _position VARCHAR, _merged_at TIMESTAMPTZ, _deleted_at TIMESTAMPTZ)`,
  );
}

async function storedRows(note = "note"): Promise<Map<number, Row>> {
  const rows = await rowsOf<{
    id: bigint;
    price: string | null;
    note: string | null;
    deleted: string | null;
    op: string;
    position: string;
  }>(
    connection,
    `SELECT id, CAST(price AS VARCHAR) AS price, "${note}" AS note, CAST(_deleted_at AS VARCHAR) AS deleted, _op AS op, _position AS position FROM stored`,
  );
  return new Map(rows.map(({ id, ...row }) => [Number(id), row]));
}

const event: fc.Arbitrary<Event> = fc
  .record({
    op: fc.constantFrom("c", "u", "u", "u", "d", "r", "t") as fc.Arbitrary<Event["op"]>,
    id: fc.integer({ min: 1, max: 4 }),
    price: fc.option(fc.integer({ min: 0, max: 99_999 }).map((cents) => (cents / 100).toFixed(2))),
    note: fc.option(fc.constantFrom("a", "it's", "ü", "")),
    unchanged: fc.subarray(["Price", "note"]),
  })
  .map((each) => (each.op === "u" ? each : { ...each, unchanged: [] }));

/** A change that leaves values out is only sent for a row that was there; a new key right after a delete is a key change. */
function believable(events: readonly Event[]): Event[] {
  const seen = new Set<number>();
  return events.map((each) => {
    const known = seen.has(each.id);
    if (each.op !== "t") seen.add(each.id);
    return known ? each : { ...each, unchanged: [] };
  });
}

describe("folding a stream's events into current rows", () => {
  it("equals applying the events one by one, however they are cut into batches, replayed and named", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 24 }).map(believable),
        fc.array(fc.nat(24), { maxLength: 3 }),
        fc.boolean(),
        fc.constantFrom(
          "note",
          "position",
          "op",
          "source_ts",
          "ingested_at",
          "unchanged",
          "payload",
          "f_op",
          "newest",
          "r",
        ),
        async (events, cuts, replay, note) => {
          await freshTable(note);
          const bounds = [0, ...cuts.filter((cut) => cut < events.length).toSorted((a, b) => a - b), events.length];
          let high: string | null = null;
          for (let index = 1; index < bounds.length; index += 1) {
            const from = bounds[index - 1] ?? 0;
            await load(events.slice(from, bounds[index]), from, note);
            high = await merge(high, note);
            if (replay) await merge(null, note);
          }
          expect(await storedRows(note)).toEqual(oracle(events));
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it("keeps the wide value of a row whose key changed", async () => {
    await freshTable();
    await load([{ op: "c", id: 1, price: "1.00", note: "long text", unchanged: [] }], 0);
    const high = await merge(null);
    await load(
      [
        { op: "d", id: 1, price: null, note: null, unchanged: [] },
        { op: "u", id: 9, price: "2.00", note: null, unchanged: ["note"] },
      ],
      1,
    );
    await merge(high);
    const rows = await storedRows();
    expect(rows.get(9)).toMatchObject({ price: "2.00", note: "long text", deleted: null });
    expect(rows.get(1)).toMatchObject({ note: "long text", op: "d" });
  });

  it("refuses a value that does not fit and loads the other rows", async () => {
    await freshTable();
    await load(
      [
        { op: "c", id: 1, price: "1.005", note: "rounded would be a lie", unchanged: [] },
        { op: "c", id: 2, price: "99999999999.00", note: "too wide", unchanged: [] },
        { op: "c", id: 3, price: "NaN", note: "no decimal has NaN", unchanged: [] },
        { op: "c", id: 4, price: "5.00", note: null, unchanged: [] },
      ],
      0,
    );
    const result = await foldStream(connection, {
      relation: "delta",
      stream: "public.items",
      shape: SHAPE,
      stored: null,
      highPosition: null,
      mergedAt: "now()",
    });
    expect(result).toMatchObject({ rowsIn: 4, rowsOut: 2, refused: 2, mode: "whole rows" });
    expect(result.refusedSample.map((row) => row.detail)).toEqual(
      Array.from({ length: 2 }, () => "public.items: the value does not fit the type of Price"),
    );
    expect(await rowsOf(connection, "SELECT id, price FROM fold_out WHERE id = 3")).toMatchObject([{ price: null }]);
  });
});
