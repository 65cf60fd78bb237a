import { modelCompiler } from "@nova/engines/sql";
import { openTestLake, readRows, type TestLakeOptions } from "@nova/engines/duckdb/testing";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import { type SourceId, stagedDatasetName, type StreamSchema } from "@nova/pipeline-core/connectors";
import { emptyEnvelopeColumns, type Op } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine, ModelChange } from "@nova/pipeline-core/orchestration";
import { type Definitions, loadDefinitions } from "./definitions.ts";

/** A change of one row: `stream` as the source names it; values as its text. */
export interface ShopChange {
  readonly source: SourceId;
  readonly stream: string;
  readonly op: Op;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Key columns of the order database's tables that models read. */
const ORDER_KEYS: Readonly<Record<string, readonly string[]>> = {
  customers: ["customer_id"],
  customer_emails: ["customer_id", "email"],
  addresses: ["address_id"],
  orders: ["order_id"],
  order_lines: ["order_line_id"],
  payments: ["payment_id"],
  refunds: ["refund_id"],
  products: ["product_id"],
  categories: ["category_id"],
  brands: ["brand_id"],
};

/** A lake with NovaRetail's models, fed by hand; no scheduler. */
export interface Shop {
  readonly engine: LakeEngine;
  readonly definitions: Definitions;
  /** Appends to raw and loads staged. */
  feed(changes: readonly ShopChange[]): Promise<void>;
  /** Refreshes every model once, inputs first. */
  refreshAll(): Promise<Map<string, ModelChange>>;
  /** Builds the model from nothing under another name; returns that name. */
  rebuild(model: ModelFile): Promise<string>;
  rows(dataset: string, select: string, tail?: string): ReturnType<typeof readRows>;
  close(): Promise<void>;
}

export async function openShop(now: () => Date, comparing?: TestLakeOptions["comparing"]): Promise<Shop> {
  const definitions = loadDefinitions(modelCompiler);
  const engine = await openTestLake({
    clock: { now },
    contracts: definitions.contracts,
    ...(comparing === undefined ? {} : { comparing }),
  });
  const schemas = shopSchemas(definitions);
  const consumedRaw = new Map<string, string>();
  const consumed = new Map<string, Map<string, string | null>>();
  let position = 0;
  let rebuilt = 0;
  return {
    engine,
    definitions,
    async feed(changes) {
      for (const [source, mine] of Map.groupBy(changes, (change) => change.source)) {
        const columns = emptyEnvelopeColumns();
        for (const { stream, op, row } of mine) {
          position += 1;
          const schema = schemas.get(`${source}/${stream}`);
          const key = Object.fromEntries((schema?.key ?? []).map((name) => [name, row[name]]));
          columns.stream.push(stream);
          columns.op.push(op);
          columns.key.push(source === "app_logs" ? null : JSON.stringify(key));
          columns.payload.push(
            op === "d"
              ? null
              : JSON.stringify(source === "stripe" ? { id: `evt_${position}`, data: { object: row } } : row),
          );
          columns.unchanged.push(null);
          columns.sourceTs.push(BigInt(now().getTime()) * 1000n);
          columns.position.push(`A.${String(position).padStart(10, "0")}`);
          columns.schemaVersion.push(1);
        }
        await engine.rawStore.append({
          source,
          input: { from: "columns", columns },
          batchId: `b${position}`,
          ingestedAt: now(),
          within: async () => undefined,
          position: String(position),
        });
        await load(engine, definitions, schemas, source, consumedRaw);
      }
    },
    async refreshAll() {
      const changes = new Map<string, ModelChange>();
      for (const model of definitions.models) {
        const known = consumed.get(model.name) ?? new Map<string, string | null>();
        const change = await engine.refreshModel({ model, consumed: known, within: async () => undefined });
        for (const move of change.moves) known.set(move.input, move.to);
        consumed.set(model.name, known);
        changes.set(model.name, change);
      }
      return changes;
    },
    async rebuild(model) {
      rebuilt += 1;
      const name = `export.rebuilt_${rebuilt}`;
      await engine.refreshModel({ model: { ...model, name }, consumed: new Map(), within: async () => undefined });
      return name;
    },
    rows: (dataset, select, tail) => readRows(engine, dataset, select, tail),
    close: () => engine.close(),
  };
}

function shopSchemas(definitions: Definitions): Map<string, StreamSchema> {
  const schemas = new Map<string, StreamSchema>();
  for (const source of definitions.sources)
    for (const schema of source.declaredStreams ?? []) schemas.set(`${source.id}/${schema.stream}`, schema);
  const fromContract = (
    source: string,
    stream: string,
    key: readonly string[],
    rename: (column: string) => string,
  ): void => {
    const contract = definitions.contracts[stagedDatasetName(source as SourceId, stream)] ?? {};
    const columns = Object.entries(contract).map(([name, type]) => ({
      name: rename(name),
      sourceType: type,
      type,
      nullable: true,
      description: name,
      pii: "none" as const,
    }));
    schemas.set(`${source}/${stream}`, { stream, version: 1, key, description: "", columns });
  };
  for (const [table, key] of Object.entries(ORDER_KEYS))
    fromContract("orders_db", `public.${table}`, key, (column) => column);
  fromContract("salesforce", "Contact", ["Id"], (column) => (column === "id" ? "Id" : column));
  return schemas;
}

async function load(
  engine: LakeEngine,
  definitions: Definitions,
  schemas: ReadonlyMap<string, StreamSchema>,
  source: SourceId,
  consumedRaw: Map<string, string>,
): Promise<void> {
  const delta = await engine.openDelta({
    source,
    from: consumedRaw.get(source) ?? null,
    only: null,
    except: [],
    maxRows: 1_000_000,
  });
  if (delta === null) return;
  const kind = definitions.sources.find((one) => one.id === source)?.stagedKind ?? "merge";
  for (const { stream } of delta.streams) {
    const schema = schemas.get(`${source}/${stream}`);
    if (schema === undefined) throw new Error(`no schema of ${source}/${stream}`);
    await engine.loadStaged({
      delta,
      dataset: stagedDatasetName(source, stream),
      schema,
      kind,
      within: async () => undefined,
      onRefused: async (rows) => {
        throw new Error(rows.map((row) => row.detail).join("; "));
      },
    });
  }
  consumedRaw.set(source, delta.to);
  await delta.close();
}
