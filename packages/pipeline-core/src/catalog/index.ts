export * from "./dataset-name.ts";
export * from "./freshness.ts";
export * from "./gate.ts";
export * from "./model-header.ts";
export * from "./model.ts";
export * from "./parameters.ts";
export * from "./ports.ts";
export * from "./schedule.ts";
