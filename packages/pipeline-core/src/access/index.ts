export * from "./grants.ts";
export * from "./matrix.ts";
export * from "./ports.ts";
export * from "./query.ts";
