export * from "./envelope.ts";
export * from "./envelope-batch.ts";
export * from "./ports.ts";
export * from "./scan-meter.ts";
export * from "./scan-price.ts";
