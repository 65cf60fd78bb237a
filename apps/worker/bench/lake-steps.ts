import { modelCompiler } from "@nova/engines/sql";
import { openTestLake } from "@nova/engines/duckdb/testing";
import { stagedDatasetName, type StreamSchema } from "@nova/pipeline-core/connectors";
import { emptyEnvelopeColumns, type EnvelopeColumns, type Op } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { loadDefinitions } from "../src/pipelines/index.ts";

/**
 * Times of staged merges and model refreshes at the demo's size, printed as a table and JSON.
 * `npm run bench -- lake-steps [orders]` (default 200,000 orders).
 */
const ORDERS = Number(process.argv[2] ?? 200_000);
const definitions = loadDefinitions(modelCompiler);
const engine = await openTestLake({ clock: { now: () => new Date() }, contracts: definitions.contracts });
const results: { what: string; rows: number; ms: number; detail: string }[] = [];
let ordinal = 0;
let from: string | null = null;
const consumed = new Map<string, Map<string, string | null>>();

const KEYS: Record<string, string> = {
  customers: "customer_id",
  customer_emails: "customer_id",
  orders: "order_id",
  order_lines: "order_line_id",
  payments: "payment_id",
  refunds: "refund_id",
  products: "product_id",
};
const SIDE_STREAMS = Array.from({ length: 40 }, (_, index) => `side_${index}`);
const schemas = new Map<string, StreamSchema>(
  [...Object.keys(KEYS), ...SIDE_STREAMS].map((table) => {
    const contract = definitions.contracts[`staged.orders_db__${table}`] ?? {
      id: "long",
      name: "string",
      amount: "decimal(12,2)",
      updated_at: "timestamptz",
    };
    const columns = Object.entries(contract).map(([name, type]) => ({
      name,
      sourceType: type,
      type,
      nullable: true,
      description: name,
      pii: "none" as const,
    }));
    return [
      `public.${table}`,
      {
        stream: `public.${table}`,
        version: 1,
        key: table === "customer_emails" ? ["customer_id", "email"] : [KEYS[table] ?? "id"],
        description: "",
        columns,
      },
    ];
  }),
);

const stamp = (second: number): string => new Date(Date.UTC(2026, 7, 25) + (second % 7_776_000) * 1000).toISOString();
const row: Record<string, (id: number, version: number) => Record<string, string | null>> = {
  customers: (id) => ({
    customer_id: `${id}`,
    email: `person${id}@nova.example`,
    first_name: "Ana",
    last_name: `Lima ${id}`,
    phone: `+49${id}`,
    status: "active",
    marketing_opt_in: "t",
    birth_date: "1980-01-01",
    created_at: stamp(id),
    updated_at: stamp(id),
  }),
  customer_emails: (id) => ({
    customer_id: `${id}`,
    email: `person${id}@nova.example`,
    valid_from: stamp(id),
    valid_to: null,
  }),
  orders: (id, version) => ({
    order_id: `${id}`,
    order_number: `NR-${id}`,
    customer_id: `${(id % 30_000) + 1}`,
    status: version > 0 ? "shipped" : "paid",
    channel: ["web", "app", "store"][id % 3] ?? "web",
    currency: "EUR",
    subtotal: "90.00",
    discount: "0.00",
    shipping: "4.90",
    tax: "5.00",
    total: `${90 + version}.00`,
    store_id: null,
    promotion_id: null,
    notes: null,
    placed_at: stamp(id * 37),
    updated_at: stamp(id * 37 + version),
  }),
  order_lines: (id) => ({
    order_line_id: `${id}`,
    order_id: `${Math.ceil(id / 2)}`,
    line_no: "1",
    product_id: `${(id % 3000) + 1}`,
    quantity: "2",
    unit_price: "22.50",
    discount: "0.00",
    line_total: "45.00",
    updated_at: stamp(id),
  }),
  payments: (id) => ({
    payment_id: `${id}`,
    order_id: `${id}`,
    method: "card",
    provider: "stripe",
    provider_reference: `pi_${id}`,
    amount: "90.00",
    currency: "EUR",
    status: "captured",
    captured_at: stamp(id * 37),
    created_at: stamp(id * 37),
    updated_at: stamp(id * 37),
  }),
  refunds: (id) => ({
    refund_id: `${id}`,
    payment_id: `${id * 50}`,
    amount: "10.00",
    reason: "damaged",
    created_at: stamp(id),
  }),
  products: (id) => ({
    product_id: `${id}`,
    sku: `S${id}`,
    name: `Product ${id}`,
    category_id: "1",
    brand_id: "1",
    list_price: "22.5",
    active: "t",
    created_at: stamp(id),
    updated_at: stamp(id),
  }),
};
const sideRow = (id: number) => ({ id: `${id}`, name: `row ${id}`, amount: "1.00", updated_at: stamp(id) });

function put(columns: EnvelopeColumns, table: string, op: Op, id: number, version = 0): void {
  ordinal += 1;
  const values = (row[table] ?? sideRow)(id, version);
  const schema = schemas.get(`public.${table}`);
  columns.stream.push(`public.${table}`);
  columns.op.push(op);
  columns.key.push(
    JSON.stringify(
      Object.fromEntries((schema?.key ?? []).map((name) => [name, (values as Record<string, string | null>)[name]])),
    ),
  );
  columns.payload.push(op === "d" ? null : JSON.stringify(values));
  columns.unchanged.push(null);
  columns.sourceTs.push(BigInt(Date.now()) * 1000n);
  columns.position.push(`A.${String(ordinal).padStart(10, "0")}`);
  columns.schemaVersion.push(1);
}

async function timed<Result>(
  what: string,
  rows: number,
  work: () => Promise<Result>,
  detail: (result: Result) => string = () => "",
): Promise<Result> {
  const start = performance.now();
  const result = await work();
  results.push({ what, rows, ms: Math.round(performance.now() - start), detail: detail(result) });
  return result;
}

async function append(columns: EnvelopeColumns): Promise<void> {
  const batch = {
    source: "orders_db",
    input: { from: "columns" as const, columns },
    batchId: "b",
    ingestedAt: new Date(),
    within: async () => undefined,
    position: `${ordinal}`,
  };
  await timed("raw append", columns.stream.length, () => engine.rawStore.append(batch));
}

async function cycle(name: string, lake: LakeEngine): Promise<void> {
  const delta = await timed(
    `${name}: read raw changes`,
    0,
    () => lake.openDelta({ source: "orders_db", from, only: [...schemas.keys()], except: [], maxRows: 10_000_000 }),
    (opened) => `${opened?.rows} rows of ${opened?.streams.length} streams`,
  );
  if (delta === null) return;
  const start = performance.now();
  for (const { stream, rows } of delta.streams) {
    const schema = schemas.get(stream) as StreamSchema;
    const load = () =>
      lake.loadStaged({
        delta,
        dataset: stagedDatasetName("orders_db", stream),
        schema,
        kind: "merge",
        onRefused: async () => undefined,
        within: async () => undefined,
      });
    if (stream.includes("side_")) await load();
    else
      await timed(
        `${name}: staged ${stream}`,
        rows,
        load,
        (change) => `${change.mode}; ${change.phases.map((phase) => `${phase.name} ${phase.ms}`).join(", ")}`,
      );
  }
  results.push({
    what: `${name}: all ${delta.streams.length} streams`,
    rows: delta.rows,
    ms: Math.round(performance.now() - start),
    detail: "",
  });
  from = delta.to;
  await delta.close();
  for (const model of definitions.models) {
    if (model.name.includes("service")) continue;
    const known = consumed.get(model.name) ?? new Map<string, string | null>();
    const change = await timed(
      `${name}: ${model.name}`,
      0,
      () => lake.refreshModel({ model, consumed: known, within: async () => undefined }),
      (done) =>
        `${done.mode}, ${done.rowsOut} written; ${done.phases.map((phase) => `${phase.name} ${phase.ms}`).join(", ")}`,
    );
    for (const move of change.moves) known.set(move.input, move.to);
    consumed.set(model.name, known);
  }
}

try {
  for (const [table, rows] of [
    ["customers", 30_000],
    ["customer_emails", 30_000],
    ["products", 3_000],
    ["orders", ORDERS],
    ["order_lines", ORDERS * 2],
    ["payments", ORDERS],
    ["refunds", ORDERS / 50],
  ] as const) {
    const columns = emptyEnvelopeColumns();
    for (let id = 1; id <= rows; id += 1) put(columns, table, "r", id);
    await append(columns);
  }
  const sides = emptyEnvelopeColumns();
  for (const table of SIDE_STREAMS) for (let id = 1; id <= 500; id += 1) put(sides, table, "r", id);
  await append(sides);
  await cycle("first", engine);
  for (let round = 1; round <= 3; round += 1) {
    const columns = emptyEnvelopeColumns();
    for (let index = 0; index < 100; index += 1) {
      put(columns, "orders", "u", ((index * 7919 * round) % ORDERS) + 1, round);
      put(columns, "order_lines", "u", ((index * 104_729 * round) % ORDERS) + 1);
      put(columns, "payments", "u", ((index * 7919 * round) % ORDERS) + 1);
    }
    for (const table of SIDE_STREAMS) put(columns, table, "u", round);
    await append(columns);
    await cycle(`small ${round}`, engine);
  }
  const peak = emptyEnvelopeColumns();
  for (let index = 0; index < 25_000; index += 1)
    put(peak, ["orders", "order_lines", "payments"][index % 3] ?? "orders", "u", ((index * 7919) % ORDERS) + 1, 9);
  await append(peak);
  await cycle("peak", engine);
  for (const result of results)
    process.stdout.write(
      `${result.what.padEnd(46)} ${String(result.rows).padStart(8)} rows ${String(result.ms).padStart(7)} ms  ${result.detail}\n`,
    );
  process.stdout.write(`resident ${Math.round(process.memoryUsage().rss / 1048576)} MB\n${JSON.stringify(results)}\n`);
} finally {
  await engine.close();
}
