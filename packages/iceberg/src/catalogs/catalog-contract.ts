import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Catalog } from "./catalog.ts";

export interface CatalogUnderTest {
  readonly catalog: Catalog;
  /** True when `within` runs in a database transaction whose effects can be seen. */
  readonly transactional: boolean;
  /** Statements of a scratch table, for transactional catalogs. */
  readonly countRows?: () => Promise<number>;
  close(): Promise<void>;
}

/** What every catalog promises. `open` is called once. */
export function catalogContract(name: string, open: () => Promise<CatalogUnderTest>): void {
  describe(`catalog contract: ${name}`, () => {
    let subject: CatalogUnderTest;
    let number = 0;
    beforeAll(async () => {
      subject = await open();
    }, 60_000);
    afterAll(async () => subject?.close());
    const fresh = (): { namespace: string; name: string } => ({ namespace: "contract", name: `t${(number += 1)}` });

    test("a registered table is found, listed and unique", async () => {
      const { catalog } = subject;
      const id = fresh();
      expect(await catalog.currentMetadata(id)).toBeNull();
      await catalog.register(id, "file:///m0");
      expect(await catalog.currentMetadata(id)).toBe("file:///m0");
      expect(await catalog.listTables("contract")).toContainEqual(id);
      expect(await catalog.listTables("elsewhere")).toEqual([]);
      expect(await catalog.listNamespaces()).toContain("contract");
      await expect(catalog.register(id, "file:///other")).rejects.toMatchObject({ kind: "table-exists" });
      expect(await catalog.currentMetadata(id)).toBe("file:///m0");
    });

    test("a swap wins only on the pointer it expects", async () => {
      const { catalog } = subject;
      const id = fresh();
      await catalog.register(id, "m0");
      expect(await catalog.swap(id, { expected: "m0", next: "m1" })).toBe(true);
      expect(await catalog.swap(id, { expected: "m0", next: "m2" })).toBe(false);
      expect(await catalog.currentMetadata(id)).toBe("m1");
      expect(await catalog.swap(fresh(), { expected: "m0", next: "m1" })).toBe(false);
    });

    test("of many rivals exactly one wins, and only its work runs to the end", async () => {
      const { catalog } = subject;
      const id = fresh();
      await catalog.register(id, "m0");
      let worked = 0;
      const rivals = Array.from({ length: 8 }, (_, index) =>
        catalog.swap(id, { expected: "m0", next: `m${index + 1}`, within: async () => void (worked += 1) }),
      );
      const won = await Promise.all(rivals);
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(worked).toBe(1);
      expect(await catalog.currentMetadata(id)).toBe(`m${won.indexOf(true) + 1}`);
    });

    test("work that throws aborts the swap and its own error comes out", async () => {
      const { catalog } = subject;
      const id = fresh();
      await catalog.register(id, "m0");
      const refused = new Error("the position has moved");
      await expect(
        catalog.swap(id, { expected: "m0", next: "m1", within: async () => Promise.reject(refused) }),
      ).rejects.toBe(refused);
      expect(await catalog.currentMetadata(id)).toBe("m0");
      expect(await catalog.swap(id, { expected: "m0", next: "m1" })).toBe(true);
    });

    test("work and swap are one transaction", async ({ skip }) => {
      const { catalog, transactional, countRows } = subject;
      if (!transactional || !countRows) return skip("this catalog has no database");
      const id = fresh();
      await catalog.register(id, "m0");
      const insert = async (tx: { query(text: string): Promise<unknown> }): Promise<void> =>
        void (await tx.query("INSERT INTO contract_scratch VALUES (1)"));
      const before = await countRows();
      await catalog.swap(id, { expected: "stale", next: "m1", within: insert });
      const failing = catalog.swap(id, {
        expected: "m0",
        next: "m1",
        within: async (tx) => insert(tx).then(() => Promise.reject(new Error("late"))),
      });
      await expect(failing).rejects.toThrow("late");
      expect(await countRows()).toBe(before);
      await catalog.swap(id, { expected: "m0", next: "m1", within: insert });
      expect(await countRows()).toBe(before + 1);
    });

    test("an unregistered table is gone, and its name is free again", async () => {
      const { catalog } = subject;
      const id = fresh();
      await catalog.register(id, "m0");
      expect(await catalog.unregister(id)).toBe(true);
      expect(await catalog.unregister(id)).toBe(false);
      expect(await catalog.currentMetadata(id)).toBeNull();
      await catalog.register(id, "m9");
      expect(await catalog.currentMetadata(id)).toBe("m9");
    });
  });
}
