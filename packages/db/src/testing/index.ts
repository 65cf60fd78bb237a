export * from "./postgres.ts";
export * from "./store-fixture.ts";
