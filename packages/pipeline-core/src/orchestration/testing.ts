export * from "./memory-run-store.ts";
export * from "./run-store-contract.ts";
