import { describe, expect, test } from "vitest";
import {
  deliveryLedgerContract,
  memoryDeliveryLedger,
  memorySourceStore,
  memoryTransaction,
  memoryWorkerLease,
  sourceStoreContract,
  workerLeaseContract,
} from "./testing.ts";

const make = async () => {
  const lease = memoryWorkerLease();
  const sources = memorySourceStore(lease);
  return {
    sources,
    lease,
    deliveries: memoryDeliveryLedger(),
    transaction: <T>(work: (tx: typeof memoryTransaction) => Promise<T>) => work(memoryTransaction),
  };
};

describe("sources in memory", () => {
  sourceStoreContract({ test, expect }, make);
});
describe("deliveries in memory", () => {
  deliveryLedgerContract({ test, expect }, make);
});
describe("the lease in memory", () => {
  workerLeaseContract({ test, expect }, make);
});
