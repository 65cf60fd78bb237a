import type { ModelCompiler } from "@nova/pipeline-core/orchestration";
import { modelColumnLineage } from "./column-lineage.ts";
import { compileModel } from "./compile-model.ts";

/** Reads models for DuckDB; one text, two engines. */
export const modelCompiler: ModelCompiler = {
  check: (model) => void compileModel(model),
  columnLineage: modelColumnLineage,
};
