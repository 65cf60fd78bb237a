export * from "./store-fixture.ts";
