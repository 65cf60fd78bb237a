import { describe, expect, it } from "vitest";
import { decideDrift } from "./decide-drift.ts";
import type { DriftChange, DriftItem } from "./drift.ts";
import { choiceText, DRIFT_CHOICES, driftChoices, driftText, meanwhileText } from "./drift.ts";
import type { StreamColumn, StreamSchema } from "./model.ts";
import type { StreamRecord } from "./ports.ts";
import { type SavedSchema, saveSchema } from "./save-schema.ts";
import { stagedLayout } from "./staged-layout.ts";

const column = (name: string, type = "string", sourceType = type): StreamColumn => ({
  name,
  sourceType,
  type,
  nullable: true,
  description: "",
  pii: "none",
});
const ORDERS: StreamSchema = {
  stream: "public.orders",
  version: 1,
  description: "",
  key: ["id"],
  columns: [column("id", "long"), column("total", "decimal(12,2)"), column("note")],
};
const record = (schema: StreamSchema): StreamRecord => ({
  source: "orders_db",
  stream: schema.stream,
  schema,
  state: "streaming",
  rowsRead: 0,
  rowsExpected: null,
  cursor: null,
});
const change = (
  before: StreamSchema,
  columns: readonly StreamColumn[],
  needed: readonly string[] = [],
  key = before.key,
): SavedSchema =>
  saveSchema("orders_db", record(before), { ...before, columns, key }, "include", {
    position: "0001",
    needs: (_, name) => needed.includes(name),
  });
const told = ({ drift }: SavedSchema): string[] =>
  drift.map((item) => `${item.change.kind} ${item.change.column} ${item.state}${item.waits ? " waits" : ""}`);
const layoutOf = (saved: { record: StreamRecord }): string[] =>
  stagedLayout(saved.record.schema).columns.map(
    (each) =>
      `${each.name} ${each.type} ${[each.sourceName, ...each.former].join("|")}${each.lenient ? " lenient" : ""}`,
  );
const settle = (saved: SavedSchema, choice: "accept" | "ignore" | "map", target: string | null = null) => {
  const item = saved.drift.find(({ state }) => state === "open");
  if (item === undefined) throw new Error("nothing is open");
  const { staged, ask } = decideDrift(saved.record, item, { choice, target });
  const { staged: _, ...schema } = saved.record.schema;
  return { ask, record: { ...saved.record, schema: { ...schema, ...(staged === undefined ? {} : { staged }) } } };
};
const [id, total, note] = ORDERS.columns as [StreamColumn, StreamColumn, StreamColumn];

describe("what a changed schema means for its dataset", () => {
  it("new columns, wider types and another order of the key are taken over without asking", () => {
    const columns = [id, column("total", "decimal(14,2)"), note, column("added", "int")];
    const saved = change(ORDERS, columns);
    expect(told(saved)).toEqual(["retyped total evolved", "added added evolved"]);
    expect(saved.record.schema).toMatchObject({ version: 2 });
    expect(saved.record.schema.staged).toBeUndefined();
    const composite = { ...ORDERS, key: ["id", "note"] };
    const turned = change(composite, ORDERS.columns, [], ["note", "id"]);
    expect(told(turned)).toEqual([]);
    expect(turned.record.schema.version).toBe(2);
  });

  it("the dataset keeps a dropped column, and waits when something relies on it", () => {
    const saved = change(ORDERS, [id, total], []);
    expect(told(saved)).toEqual(["dropped note open"]);
    expect(layoutOf(saved)).toContain("note string note");
    expect(told(change(ORDERS, [id, total], ["note"]))).toEqual(["dropped note open waits"]);
  });

  it("a column of the same type in the same place is a rename, which the dataset does not take by itself", () => {
    const saved = change(ORDERS, [id, column("amount", "decimal(12,2)"), note]);
    expect(told(saved)).toEqual(["renamed total open"]);
    expect(layoutOf(saved)).toEqual(["id long id", "note string note", "total decimal(12,2) total"]);
  });

  it("another type or another place is no rename", () => {
    expect(told(change(ORDERS, [id, column("amount", "double"), note]))).toEqual([
      "added amount evolved",
      "dropped total open",
    ]);
    expect(told(change(ORDERS, [id, note, column("amount", "decimal(12,2)")]))).toEqual([
      "added amount evolved",
      "dropped total open",
    ]);
  });

  it("a type that does not hold the old values leaves the dataset's type", () => {
    const saved = change(ORDERS, [id, column("total", "string"), note]);
    expect(told(saved)).toEqual(["retyped total open"]);
    expect(layoutOf(saved)).toContain("total decimal(12,2) total lenient");
  });

  it("a changed key always waits and keeps the dataset's key; a renamed key column is a rename", () => {
    const saved = change(ORDERS, ORDERS.columns, [], ["id", "note"]);
    expect(told(saved)).toEqual(["key  open waits"]);
    expect(stagedLayout(saved.record.schema).key).toEqual(["id"]);
    const renamed = change(ORDERS, [column("order_id", "long"), total, note], [], ["order_id"]);
    expect(told(renamed)).toEqual(["renamed id open waits"]);
    expect(stagedLayout(settle(renamed, "map").record.schema)).toMatchObject({ key: ["id"], keyPaths: ["/order_id"] });
  });

  it("a dropped column that comes back goes on; with another type it is asked about", () => {
    const dropped = change(ORDERS, [id, total]);
    expect(told(change(dropped.record.schema, [id, total, note]))).toEqual(["added note evolved"]);
    expect(layoutOf(change(dropped.record.schema, [id, total, note]))).toContain("note string note");
    const other = change(dropped.record.schema, [id, total, column("note", "int")]);
    expect(told(other)).toEqual(["retyped note open"]);
    expect(layoutOf(other)).toContain("note string note lenient");
  });

  it.each([
    ["include", "waiting", "evolved"],
    ["ask", "paused", "open"],
    ["ignore", "paused", "ignored"],
  ] as const)("a new table under the rule %s is %s and its item %s", (rule, state, item) => {
    const saved = saveSchema("orders_db", undefined, ORDERS, rule, {});
    expect(saved.record.state).toBe(state);
    expect(saved.drift).toMatchObject([{ change: { kind: "table" }, state: item }]);
    expect(saveSchema("orders_db", undefined, ORDERS, null, {})).toMatchObject({
      record: { state: "waiting" },
      drift: [],
    });
  });
});

describe("a decision", () => {
  const renamed = [id, column("amount", "decimal(12,2)"), note];
  it("map: the renamed column goes on under its name, without reading again when loading had waited", () => {
    const waited = settle(change(ORDERS, renamed, ["total"]), "map");
    expect(layoutOf(waited)).toContain("total decimal(12,2) amount|total");
    expect(waited.ask).toBeNull();
    expect(settle(change(ORDERS, renamed), "map").ask).toBe("resync");
  });

  it("map of a chain of renames knows every name the column had", () => {
    const once = settle(change(ORDERS, renamed), "map");
    const twice = change(once.record.schema, [id, column("sum", "decimal(12,2)"), note]);
    expect(layoutOf(settle(twice, "map"))).toContain("total decimal(12,2) sum|amount|total");
  });

  it("map of a dropped column to one taken over meanwhile takes the other name out", () => {
    const saved = change(ORDERS, [id, column("amount", "double"), note]);
    const mapped = settle(saved, "map", "amount");
    expect(layoutOf(mapped)).toContain("total decimal(12,2) amount|total lenient");
    expect(stagedLayout(mapped.record.schema).removed).toEqual(["amount"]);
    expect(() => settle(saved, "map")).toThrow("name the column");
    expect(() => settle(saved, "map", "nowhere")).toThrow("name the column");
  });

  it("accept: a rename becomes two columns, a dropped one leaves, a new type replaces the old, a new key holds", () => {
    const accepted = settle(change(ORDERS, renamed), "accept");
    expect(layoutOf(accepted)).toEqual([
      "id long id",
      "amount decimal(12,2) amount",
      "note string note",
      "total decimal(12,2) total",
    ]);
    expect(accepted.ask).toBe("resync");
    expect(stagedLayout(settle(change(ORDERS, [id, total]), "accept").record.schema).removed).toEqual(["note"]);
    const retyped = settle(change(ORDERS, [id, column("total", "string"), note]), "accept");
    expect(stagedLayout(retyped.record.schema).columns[1]).toMatchObject({ type: "string", replaces: true });
    const keyed = settle(change(ORDERS, ORDERS.columns, [], ["id", "note"]), "accept");
    expect(stagedLayout(keyed.record.schema)).toMatchObject({ key: ["id", "note"], keyFromRow: true });
  });

  it("ignore: the dataset stays as it is", () => {
    const saved = change(ORDERS, renamed);
    const ignored = settle(saved, "ignore");
    expect(layoutOf(ignored)).toEqual(layoutOf(saved));
    expect(ignored.ask).toBeNull();
  });

  it("is refused when it makes no sense, is made twice, or the column changed again", () => {
    const saved = change(ORDERS, [id, column("total", "string"), note]);
    expect(() => settle(saved, "map")).toThrow("accept or ignore");
    const item = { ...saved.drift[0], state: "accepted" } as DriftItem;
    expect(() => decideDrift(saved.record, item, { choice: "accept", target: null })).toThrow("accepted already");
    const back = change(saved.record.schema, ORDERS.columns);
    const [open] = saved.drift;
    if (open === undefined) throw new Error("no drift");
    expect(() => decideDrift(back.record, open, { choice: "accept", target: null })).toThrow("changed again");
  });
});

it("every kind and choice is said in words", () => {
  const kinds = ["added", "dropped", "renamed", "retyped", "key", "table"] as const;
  for (const kind of kinds) {
    const one: DriftChange = { kind, column: "total", newName: "amount", from: "int", to: "text" };
    expect(driftText(one).length).toBeGreaterThan(10);
    expect(meanwhileText({ change: one, waits: false }).length).toBeGreaterThan(10);
    for (const choice of DRIFT_CHOICES.filter((each) => driftChoices(one, false).includes(each)))
      expect(choiceText({ change: one, waits: true }, choice, null)).toMatch(/\.$/);
  }
});
