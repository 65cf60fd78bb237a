import { describe, expect, test } from "vitest";
import { catalogStoreContract, memoryCatalogStore } from "./testing.ts";

describe("the catalog in memory", () => {
  catalogStoreContract({ test, expect }, async () => ({
    catalog: memoryCatalogStore((epoch) => epoch === 2n),
    epoch: 2n,
    staleEpoch: 1n,
    transaction: (work) => work({ query: () => Promise.resolve({ rows: [], rowCount: 0 }) }),
  }));
});
