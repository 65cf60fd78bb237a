export * from "./command-store-contract.ts";
export * from "./memory-command-store.ts";
export * from "./memory-run-store.ts";
export * from "./run-store-contract.ts";
