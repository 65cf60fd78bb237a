export * from "./bind-parameters.ts";
export * from "./column-lineage.ts";
export * from "./compile-model.ts";
export * from "./model-compiler.ts";
export * from "./transpile.ts";
export * from "./trino-macros.ts";
