export * from "./demo-people.ts";
export * from "./scenarios.ts";
