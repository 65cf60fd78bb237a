export * from "./home.ts";
export * from "./live.ts";
export * from "./metrics.ts";
export * from "./people.ts";
export * from "./run-list.ts";
export * from "./search.ts";
export * from "./sources.ts";
export * from "./status.ts";
