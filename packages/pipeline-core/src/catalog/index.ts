export * from "./freshness.ts";
export * from "./model-header.ts";
export * from "./model.ts";
export * from "./ports.ts";
