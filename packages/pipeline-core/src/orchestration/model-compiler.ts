import type { ModelFile } from "../catalog/index.ts";
import type { ColumnLineageEdge } from "../lineage/index.ts";

/** Columns by dataset name, so that unqualified names and stars resolve. */
export type KnownColumns = ReadonlyMap<string, readonly { readonly name: string; readonly type: string }[]>;

/** Understands the SQL of models. Pure: the same model gives the same answer. */
export interface ModelCompiler {
  /** Throws `model-invalid` naming file, line and column when the engine could not run the model. */
  check(model: ModelFile): void;
  /** Which input columns each column comes from; edges to `*` for columns that only decide over rows. Throws `model-invalid`. */
  columnLineage(model: ModelFile, known: KnownColumns): ColumnLineageEdge[];
}
