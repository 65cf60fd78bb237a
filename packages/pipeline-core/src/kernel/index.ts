export * from "./abortable.ts";
export * from "./clock.ts";
export * from "./events.ts";
export * from "./errors.ts";
export * from "./ids.ts";
export * from "./logger.ts";
export * from "./transaction.ts";
