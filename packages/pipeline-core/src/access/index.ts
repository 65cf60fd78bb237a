export * from "./grants.ts";
export * from "./matrix.ts";
