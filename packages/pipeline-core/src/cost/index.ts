export * from "./cost-groups.ts";
export * from "./judge-pace.ts";
export * from "./price-scans.ts";
