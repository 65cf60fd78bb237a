export * from "./freshness.ts";
export * from "./model.ts";
export * from "./ports.ts";
