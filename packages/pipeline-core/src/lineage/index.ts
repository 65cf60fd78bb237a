export * from "./model.ts";
export * from "./ports.ts";
export * from "./open-lineage.ts";
