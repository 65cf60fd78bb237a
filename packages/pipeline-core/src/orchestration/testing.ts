export * from "./backfill-store-contract.ts";
export * from "./command-store-contract.ts";
export * from "./memory-backfill-store.ts";
export * from "./memory-command-store.ts";
export * from "./memory-partition-store.ts";
export * from "./memory-run-store.ts";
export * from "./partition-store-contract.ts";
export * from "./run-store-contract.ts";
