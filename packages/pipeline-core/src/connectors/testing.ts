export * from "./drift-store-contract.ts";
export * from "./memory-stores.ts";
export * from "./memory-stream-requests.ts";
export * from "./store-contracts.ts";
export * from "./memory-reconciliations.ts";
export * from "./reconciliation-store-contract.ts";
