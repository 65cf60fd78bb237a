import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Catalog, CatalogTransaction, NewTable, TableIdentifier } from "./catalog.ts";

export interface CatalogUnderTest {
  readonly catalog: Catalog;
  /** Rows of `contract_scratch (n int)`, for catalogs whose `within` runs in a database. */
  readonly countRows?: () => Promise<number>;
  /** Location prefix of new tables, for catalog services. */
  readonly warehouse?: string;
  close(): Promise<void>;
}

type Within = (transaction: CatalogTransaction) => Promise<void>;
/** A change built on what the table is now; publishing it tells whether it won. */
type Rival = (within?: Within) => Promise<boolean>;

/** What every catalog promises. `open` is called once. */
export function catalogContract(name: string, open: () => Promise<CatalogUnderTest>): void {
  describe(`catalog contract: ${name}`, () => {
    let subject: CatalogUnderTest;
    let number = 0;
    beforeAll(async () => {
      subject = await open();
    }, 60_000);
    afterAll(async () => subject?.close());
    const fresh = (): TableIdentifier => ({ namespace: "contract", name: `t${(number += 1)}` });
    const create = async (id: TableIdentifier): Promise<void> => {
      const { catalog, warehouse } = subject;
      if (catalog.kind === "pointer") await catalog.register(id, `m-${(number += 1)}`);
      else await catalog.create(id, sampleTable(`${warehouse}/${id.name}`));
    };
    const rivalOf = async (id: TableIdentifier): Promise<Rival> => rival(subject.catalog, id, (number += 1));

    test("a new table is found, listed and unique", async () => {
      const { catalog } = subject;
      const id = fresh();
      expect(await catalog.currentMetadata(id)).toBeNull();
      await create(id);
      const location = await catalog.currentMetadata(id);
      expect(location).toEqual(expect.any(String));
      expect(await catalog.listTables("contract")).toContainEqual(id);
      expect(await catalog.listTables()).toContainEqual(id);
      expect(await catalog.listTables("elsewhere")).toEqual([]);
      expect(await catalog.listNamespaces()).toContain("contract");
      await expect(create(id)).rejects.toMatchObject({ kind: "table-exists" });
      expect(await catalog.currentMetadata(id)).toBe(location);
    });

    test("namespaces may have levels, and making one twice is no error", async () => {
      const { catalog } = subject;
      await catalog.createNamespace("deep.er");
      await catalog.createNamespace("deep.er", { owner: "data" });
      expect(await catalog.listNamespaces()).toContain("deep.er");
      const id = { namespace: "deep.er", name: "t" };
      await create(id);
      expect(await catalog.listTables("deep.er")).toEqual([id]);
      expect(await catalog.listTables("deep")).toEqual([]);
    });

    test("many tables are listed to the last, by name", async () => {
      const names = Array.from({ length: 7 }, (_, index) => `many${index}`);
      for (const table of names.toReversed()) await create({ namespace: "crowd", name: table });
      expect((await subject.catalog.listTables("crowd")).map((id) => id.name)).toEqual(names);
    });

    test("a change wins only on the state it was built on", async () => {
      const { catalog } = subject;
      const id = fresh();
      await create(id);
      const [first, late] = [await rivalOf(id), await rivalOf(id)];
      const before = await catalog.currentMetadata(id);
      expect(await first()).toBe(true);
      const after = await catalog.currentMetadata(id);
      expect(after).not.toBe(before);
      expect(await late()).toBe(false);
      expect(await catalog.currentMetadata(id)).toBe(after);
      expect(await (await rivalOf(id))()).toBe(true);
    });

    test("a change to a table that is gone does not bring it back", async () => {
      const { catalog } = subject;
      const id = fresh();
      await create(id);
      const orphan = await rivalOf(id);
      await catalog.unregister(id);
      expect(await orphan()).toBe(false);
      expect(await catalog.currentMetadata(id)).toBeNull();
    });

    test("of many rivals exactly one wins, and only its work runs to the end", async () => {
      const id = fresh();
      await create(id);
      let worked = 0;
      const within = subject.catalog.transactional ? async () => void (worked += 1) : undefined;
      const rivals: Rival[] = [];
      for (let index = 0; index < 8; index += 1) rivals.push(await rivalOf(id));
      const won = await Promise.all(rivals.map((publish) => publish(within)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(worked).toBe(within ? 1 : 0);
    });

    test("work that throws aborts the change and its own error comes out", async ({ skip }) => {
      if (!subject.catalog.transactional) return skip("this catalog carries no work");
      const id = fresh();
      await create(id);
      const before = await subject.catalog.currentMetadata(id);
      const refused = new Error("the position has moved");
      const change = await rivalOf(id);
      await expect(change(async () => Promise.reject(refused))).rejects.toBe(refused);
      expect(await subject.catalog.currentMetadata(id)).toBe(before);
      expect(await change()).toBe(true);
    });

    test("work and change are one transaction", async ({ skip }) => {
      const { countRows } = subject;
      if (!countRows) return skip("this catalog has no database");
      const id = fresh();
      await create(id);
      const insert: Within = async (tx) => void (await tx.query("INSERT INTO contract_scratch VALUES (1)"));
      const before = await countRows();
      const [stale, change] = [await rivalOf(id), await rivalOf(id)];
      const failing = change(async (tx) => insert(tx).then(() => Promise.reject(new Error("late"))));
      await expect(failing).rejects.toThrow("late");
      expect(await countRows()).toBe(before);
      expect(await change(insert)).toBe(true);
      expect(await stale(insert)).toBe(false);
      expect(await countRows()).toBe(before + 1);
    });

    test("an unregistered table is gone, and its name is free again, also for its own metadata file", async () => {
      const { catalog } = subject;
      const id = fresh();
      await create(id);
      const location = (await catalog.currentMetadata(id)) as string;
      expect(await catalog.unregister(id)).toBe(true);
      expect(await catalog.unregister(id)).toBe(false);
      expect(await catalog.currentMetadata(id)).toBeNull();
      await catalog.register(id, location);
      expect(await catalog.currentMetadata(id)).toBe(location);
      await expect(catalog.register(id, location)).rejects.toMatchObject({ kind: "table-exists" });
    });
  });
}

async function rival(catalog: Catalog, id: TableIdentifier, number: number): Promise<Rival> {
  if (catalog.kind === "pointer") {
    const expected = (await catalog.currentMetadata(id)) as string;
    return (within) => catalog.swap(id, { expected, next: `m-${number}`, within });
  }
  const before = (await catalog.load(id))?.metadata;
  if (!before) throw new Error(`${id.name} is not in the catalog`);
  const snapshot = {
    "snapshot-id": BigInt(number) + 9_007_199_254_740_993n,
    "sequence-number": before["last-sequence-number"] + 1,
    "timestamp-ms": before["last-updated-ms"] + 1,
    "manifest-list": `${before.location}/metadata/snap-${number}.avro`,
    summary: { operation: "append" as const },
    "schema-id": before["current-schema-id"],
    ...(before["current-snapshot-id"] === null ? {} : { "parent-snapshot-id": before["current-snapshot-id"] }),
  };
  const after = {
    ...before,
    "last-sequence-number": snapshot["sequence-number"],
    snapshots: [...before.snapshots, snapshot],
    "current-snapshot-id": snapshot["snapshot-id"],
    refs: { ...before.refs, main: { type: "branch" as const, "snapshot-id": snapshot["snapshot-id"] } },
  };
  return async () => {
    const served = await catalog.commit(id, { before, after });
    if (served) expect(served.metadata["current-snapshot-id"]).toBe(snapshot["snapshot-id"]);
    return served !== null;
  };
}

function sampleTable(location: string): NewTable {
  const fields = [{ id: 1, name: "id", required: true, type: "long" }];
  return {
    location,
    schemas: [{ type: "struct", "schema-id": 0, "identifier-field-ids": [1], fields }],
    "partition-specs": [{ "spec-id": 0, fields: [] }],
    "sort-orders": [{ "order-id": 0, fields: [] }],
    properties: { owner: "contract" },
  };
}
