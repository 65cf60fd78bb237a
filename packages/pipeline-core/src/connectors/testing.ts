export * from "./memory-stores.ts";
export * from "./store-contracts.ts";
