export * from "./home.ts";
export * from "./live.ts";
export * from "./people.ts";
export * from "./search.ts";
export * from "./sources.ts";
