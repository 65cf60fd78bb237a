export * from "./envelope.ts";
export * from "./ports.ts";
