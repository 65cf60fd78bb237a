import type { ModelFile } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { ColumnLineageEdge } from "@nova/pipeline-core/lineage";
import type { KnownColumns } from "@nova/pipeline-core/orchestration";
import { indirectColumns } from "./indirect-lineage.ts";
import { openLineageColumnLineage } from "@polyglot-sql/sdk";

/** Target of an indirect edge: a join, filter or group decides over whole rows. */
export const EVERY_COLUMN = "*";

/** Which input columns each column of a model comes from, and how. */
export function modelColumnLineage(file: ModelFile, known: KnownColumns): ColumnLineageEdge[] {
  const tables = Object.keys(file.header.inputs).map((input) => {
    const [schema, name] = input.split(".") as [string, string];
    return {
      schema,
      name,
      columns: (known.get(input) ?? []).map((column) => ({ name: column.name, type: column.type })),
    };
  });
  const result = openLineageColumnLineage(file.sql, {
    dialect: "trino",
    producer: "nova",
    datasetNamespace: "nova",
    outputDataset: { namespace: "nova", name: file.name },
    schema: { tables },
  });
  if (!result.success || result.facet === undefined)
    throw new PlatformError("model-invalid", `${file.path}: no lineage: ${result.error ?? "unknown"}`);
  const edges: ColumnLineageEdge[] = [];
  for (const [toColumn, field] of Object.entries(result.facet.fields)) {
    for (const source of field.inputFields) {
      const how = source.transformations?.[0];
      const identity = how === undefined || how.subtype === "IDENTITY";
      edges.push({
        fromDataset: source.name,
        fromColumn: source.field,
        toDataset: file.name,
        toColumn,
        kind: how?.type === "INDIRECT" ? "indirect" : identity ? "identity" : "transformed",
        expression: identity ? "" : (how.description ?? "").replace(new RegExp(` AS ${toColumn}$`), ""),
      });
    }
  }
  for (const { dataset, column } of indirectColumns(file.sql, { tables })) {
    edges.push({
      fromDataset: dataset,
      fromColumn: column,
      toDataset: file.name,
      toColumn: EVERY_COLUMN,
      kind: "indirect",
      expression: "",
    });
  }
  return edges;
}
