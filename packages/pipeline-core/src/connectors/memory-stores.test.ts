import { describe, expect, test } from "vitest";
import {
  deliveryLedgerContract,
  driftStoreContract,
  memoryDeliveryLedger,
  memoryDriftStore,
  memoryReconciliationStore,
  memorySourceStore,
  memoryStreamRequests,
  memoryTransaction,
  memoryWorkerLease,
  reconciliationStoreContract,
  sourceStoreContract,
  streamRequestsContract,
  workerLeaseContract,
} from "./testing.ts";

let next = 0;
const make = async () => {
  const lease = memoryWorkerLease();
  const sources = memorySourceStore(lease);
  const clock = { now: () => new Date() };
  const requests = memoryStreamRequests(sources, { clock, ids: { next: () => `request-${(next += 1)}` } });
  return {
    sources,
    lease,
    deliveries: memoryDeliveryLedger(),
    requests,
    reconciliations: memoryReconciliationStore(sources, { clock, ids: { next: () => `comparison-${(next += 1)}` } }),
    drift: memoryDriftStore(sources, requests, clock),
    transaction: <T>(work: (tx: typeof memoryTransaction) => Promise<T>) => work(memoryTransaction),
  };
};

describe("sources in memory", () => {
  sourceStoreContract({ test, expect }, make);
});
describe("requests to streams in memory", () => {
  streamRequestsContract({ test, expect }, make);
});
describe("drift in memory", () => {
  driftStoreContract({ test, expect }, make);
});
describe("comparisons in memory", () => {
  reconciliationStoreContract({ test, expect }, make);
});
describe("deliveries in memory", () => {
  deliveryLedgerContract({ test, expect }, make);
});
describe("the lease in memory", () => {
  workerLeaseContract({ test, expect }, make);
});
