import type { CatalogEntry, DatasetColumn } from "@nova/pipeline-core/catalog";
import { STAGED_SYSTEM_COLUMNS } from "@nova/pipeline-core/connectors";
import { ENVELOPE_COLUMNS } from "@nova/pipeline-core/lakehouse";
import { column, type ColumnText } from "./column-text.ts";
import { MODELS } from "./models.ts";
import { LOG_EVENTS, ORDERS_DB, SALESFORCE, STRIPE, TIMES } from "./source-tables.ts";

export interface SeedStream {
  readonly source: "orders_db" | "salesforce" | "stripe" | "app_logs";
  readonly stream: string;
  readonly columns: readonly DatasetColumn[];
  readonly key: readonly string[];
  readonly dataset: string;
}

function streamsOf(
  source: SeedStream["source"],
  tables: Readonly<Record<string, readonly ColumnText[]>>,
  prefix: string,
  extra: readonly ColumnText[],
): SeedStream[] {
  return Object.entries(tables).map(([table, texts]) => {
    const columns = [...texts, ...extra].map(column);
    return {
      source,
      stream: `${prefix}${table}`,
      columns,
      key: source === "app_logs" ? [] : [columns[0]?.name ?? ""],
      dataset: `staged.${source}__${table}`,
    };
  });
}

/** Every stream of the four sources, each with the staged dataset it feeds. */
export const STREAMS: readonly SeedStream[] = [
  ...streamsOf("orders_db", ORDERS_DB, "public.", TIMES),
  ...streamsOf("salesforce", SALESFORCE, "", ["system_modstamp timestamptz — When Salesforce last changed it"]),
  ...streamsOf("stripe", STRIPE, "", ["created timestamptz — When Stripe made it"]),
  ...streamsOf("app_logs", { events: LOG_EVENTS }, "", []),
];

/** About sixty datasets in all layers, as the catalog stores them. */
export const ENTRIES: readonly CatalogEntry[] = [
  ...(["orders_db", "salesforce", "stripe", "app_logs"] as const).map((source): CatalogEntry => ({
    name: `raw.${source}`,
    kind: "append",
    description: `Everything ${source} sent, in the one envelope, kept a year.`,
    owner: "Platform",
    key: [],
    inputs: [],
    targetLagSeconds: 30,
    columns: ENVELOPE_COLUMNS.map((one) => ({
      ...one,
      pii: one.name === "payload" || one.name === "key" ? "direct" : "none",
    })),
    pipeline: "capture",
    sql: "",
    path: "",
    codeVersion: "",
  })),
  ...STREAMS.map((one): CatalogEntry => ({
    name: one.dataset,
    kind: one.key.length === 0 ? "append" : "merge",
    description: `Current rows of ${one.stream} in ${one.source}.`,
    owner: "Platform",
    key: one.key,
    inputs: [`raw.${one.source}`],
    targetLagSeconds: 60,
    columns: [...one.columns, ...STAGED_SYSTEM_COLUMNS.map((system) => ({ ...system, pii: "none" as const }))],
    pipeline: "staged",
    sql: "",
    path: "",
    codeVersion: "",
  })),
  ...Object.entries(MODELS).map(([name, model]): CatalogEntry => {
    const columns = model.columns.map(column);
    const sql = `SELECT ${columns.map((one) => one.name).join(",\n       ")}\n  FROM ${model.inputs.join("\n  JOIN ")}`;
    return {
      name,
      kind: model.kind,
      description: model.description,
      owner: model.owner,
      key: model.key,
      inputs: model.inputs,
      targetLagSeconds: model.lag,
      columns,
      pipeline: name.startsWith("mart.") ? "marts" : "curated",
      sql,
      path: `models/${name.replace(".", "/")}.sql`,
      codeVersion: "seed",
    };
  }),
];
