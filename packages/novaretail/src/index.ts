export * from "./model-files.ts";
export * from "./personal-columns.ts";
export * from "./pools.ts";
export * from "./sources.ts";
export * from "./staged-contracts.ts";
