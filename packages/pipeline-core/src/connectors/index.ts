export * from "./diagnosis.ts";
export * from "./diff-schema.ts";
export * from "./connector.ts";
export * from "./model.ts";
export * from "./ports.ts";
export * from "./slot-care.ts";
export * from "./staged-layout.ts";
export * from "./stream-request.ts";
