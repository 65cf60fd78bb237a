export * from "./lake-engine.ts";
export * from "./model-compiler.ts";
export * from "./ports.ts";
export * from "./run.ts";
export * from "./settle-step.ts";
