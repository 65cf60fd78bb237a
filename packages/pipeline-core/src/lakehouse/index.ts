export * from "./envelope.ts";
export * from "./envelope-batch.ts";
export * from "./ports.ts";
