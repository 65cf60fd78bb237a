import type { SourceDefinition } from "@nova/novaretail";
import type { BackfillOptions, CatalogEntry, ModelFile, ModelHeader } from "@nova/pipeline-core/catalog";
import {
  rawDatasetName,
  stagedDatasetColumns,
  stagedDatasetName,
  stagedLayout,
  type StreamSchema,
} from "@nova/pipeline-core/connectors";
import { ENVELOPE_COLUMNS } from "@nova/pipeline-core/lakehouse";
import type { ColumnLineageEdge } from "@nova/pipeline-core/lineage";
import { whyNoParameters } from "@nova/pipeline-core/orchestration";
import type { CheckDefinition } from "@nova/pipeline-core/quality";

export function loadPipeline(source: string): string {
  return `load_${source}`;
}

export function rawEntry(source: SourceDefinition): CatalogEntry {
  return {
    name: rawDatasetName(source.id),
    kind: "append",
    description: `${source.name}, as it came: one row per change, nothing left out. ${source.description}`,
    owner: source.owner,
    columns: ENVELOPE_COLUMNS.map((column) => ({
      ...column,
      pii: column.name === "payload" || column.name === "key" ? ("direct" as const) : ("none" as const),
    })),
    key: [],
    inputs: [],
    targetLagSeconds: source.rawTargetLag,
    pipeline: loadPipeline(source.id),
    sql: "",
    path: "",
    codeVersion: "",
  };
}

export function stagedEntry(source: SourceDefinition, schema: StreamSchema): CatalogEntry {
  const layout = stagedLayout(schema);
  return {
    name: stagedDatasetName(source.id, schema.stream),
    kind: source.stagedKind,
    description:
      schema.description === ""
        ? `${schema.stream} of ${source.name}, typed, current row per key.`
        : schema.description,
    owner: source.owner,
    columns: stagedDatasetColumns(schema, source.stagedKind),
    key: source.stagedKind === "merge" ? layout.key : [],
    inputs: [rawDatasetName(source.id)],
    targetLagSeconds: source.stagedTargetLag,
    pipeline: loadPipeline(source.id),
    sql: "",
    path: "",
    codeVersion: `schema ${schema.version}`,
  };
}

export function modelEntry(model: ModelFile): CatalogEntry {
  const { header } = model;
  return {
    name: model.name,
    kind: header.kind,
    description: header.description,
    owner: header.owner,
    columns: Object.entries(header.columns).map(([name, { type, description, pii }]) => ({
      name,
      type,
      description,
      pii,
    })),
    key: header.key ?? [],
    inputs: Object.keys(header.inputs),
    targetLagSeconds: header.target_lag,
    pipeline: header.pipeline,
    sql: model.sql,
    path: `packages/novaretail/${model.path}`,
    codeVersion: model.codeVersion,
    backfill: backfillOptions(header),
  };
}

/** What a backfill of the model may choose. */
export function backfillOptions(header: ModelHeader): BackfillOptions {
  return {
    runs: header.backfill?.runs ?? "per_day",
    parameters: header.parameters,
    noParameters: whyNoParameters(header),
  };
}

/** Checks every dataset has, by what it is. */
export function defaultChecks(entry: CatalogEntry): CheckDefinition[] {
  const base = { dataset: entry.name, column: null, blocking: false };
  const checks: CheckDefinition[] = [
    {
      ...base,
      name: "freshness",
      kind: "freshness",
      severity: "error",
      threshold: entry.targetLagSeconds,
      description: `Data is at most ${entry.targetLagSeconds} seconds old.`,
    },
    {
      ...base,
      name: "schema-drift",
      kind: "schema-drift",
      severity: "warning",
      threshold: 0,
      description: "Columns and types are those we know.",
    },
  ];
  if (entry.key.length > 0) {
    checks.push({
      ...base,
      name: "duplicate-keys",
      kind: "duplicate-keys",
      severity: "error",
      blocking: true,
      threshold: 0,
      description: `No two rows share ${entry.key.join(", ")}.`,
    });
  }
  const [first] = entry.key;
  const column = entry.name.startsWith("raw.") ? "stream" : first;
  if (column !== undefined) {
    checks.push({
      ...base,
      name: `null-rate:${column}`,
      kind: "null-rate",
      column,
      severity: "error",
      threshold: 0,
      description: `${column} is never null.`,
    });
  }
  return checks;
}

/** A model's own checks beside the default ones; a declared rule about a column replaces the default one. */
export function modelChecks(model: ModelFile): CheckDefinition[] {
  const declared = model.header.checks.map((check): CheckDefinition => {
    const base = { dataset: model.name, column: null, blocking: false };
    if ("null_rate" in check) {
      const { column, max, severity } = check.null_rate;
      return {
        ...base,
        name: `null-rate:${column}`,
        kind: "null-rate",
        column,
        severity,
        threshold: max,
        description:
          max === 0 ? `${column} is never null.` : `At most ${Number((max * 100).toFixed(1))} % of ${column} is null.`,
      };
    }
    if ("row_count" in check) {
      const { min, severity } = check.row_count;
      return {
        ...base,
        name: "row-count",
        kind: "row-count",
        severity,
        threshold: 0,
        description: `At least ${min} rows; the value is how many are missing.`,
      };
    }
    const { name, max, severity, description } = check.sql;
    return { ...base, name, kind: "custom-sql", severity, threshold: max, description };
  });
  const names = new Set(declared.map((check) => check.name));
  return [...defaultChecks(modelEntry(model)).filter((check) => !names.has(check.name)), ...declared];
}

/** Column lineage of a staged dataset: every column stands in the stream under the source's own name. */
export function stagedLineage(source: SourceDefinition, schema: StreamSchema): ColumnLineageEdge[] {
  const dataset = stagedDatasetName(source.id, schema.stream);
  return stagedLayout(schema).columns.map((column) => ({
    fromDataset: `${source.id}/${schema.stream}`,
    fromColumn: column.sourceName,
    toDataset: dataset,
    toColumn: column.name,
    kind: "identity",
    expression: "",
  }));
}
