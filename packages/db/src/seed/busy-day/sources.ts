import { HOUR, MINUTE, SECOND } from "@nova/pipeline-core/kernel";
import type { QuarantineReason, SourceId } from "@nova/pipeline-core/connectors";
import { rowsJson } from "../../repositories/store-context.ts";
import type { Sql } from "../../repositories/announce.ts";
import { fixedId } from "../demo-people.ts";
import type { Dice } from "../random.ts";
import { STREAMS } from "./tables.ts";

/** Rows a second at the busiest hour, bytes a row, usual lag in seconds. */
const FLOW: Record<SourceId, { kind: string; rows: number; bytes: number; lag: number }> = {
  orders_db: { kind: "postgres", rows: 180, bytes: 420, lag: 3 },
  salesforce: { kind: "salesforce", rows: 4, bytes: 700, lag: 25 },
  stripe: { kind: "stripe", rows: 6, bytes: 2_400, lag: 4 },
  app_logs: { kind: "logs", rows: 900, bytes: 310, lag: 8 },
};

/** Four sources: three flow, Stripe lost its contact six minutes ago and is retrying. */
export async function seedSources(sql: Sql, now: Date, dice: Dice): Promise<void> {
  const at = (ago: number): string => new Date(now.getTime() - ago).toISOString();
  const samples: object[] = [];
  const sources = (Object.keys(FLOW) as SourceId[]).map((id) => {
    const { kind, rows, bytes, lag } = FLOW[id];
    const down = id === "stripe";
    let total = 0;
    // Ten-second slots of the last hour, minutes of the day before; quiet at night, a burst at noon.
    const ages = [
      ...Array.from({ length: 360 }, (_, index) => (index + 1) * 10 * SECOND),
      ...Array.from({ length: 23 * 60 }, (_, index) => HOUR + (index + 1) * MINUTE),
    ];
    for (const age of ages) {
      const slot = age <= HOUR ? 10 : 60;
      const hour = new Date(now.getTime() - age).getUTCHours();
      const silent = down && age < 6 * MINUTE;
      const count = silent
        ? 0
        : Math.round(rows * slot * (0.25 + 0.75 * Math.sin((hour / 24) * Math.PI)) * (0.7 + 0.6 * dice.share()));
      total += count;
      const late = silent ? (6 * MINUTE - age) / SECOND : 0;
      samples.push({
        source: id,
        at: at(age - (now.getTime() % (slot * SECOND))),
        rows: count,
        bytes: count * bytes,
        errors: silent && slot === 10 ? 1 : 0,
        lag: lag * (0.5 + dice.share()) + late,
        lagBytes: id === "salesforce" ? null : Math.round(count * bytes * 0.2),
      });
    }
    return {
      id,
      kind,
      state: down ? "retrying" : "streaming",
      since: at(down ? 6 * MINUTE : 26 * HOUR),
      errorKind: down ? "source-unreachable" : null,
      errorMessage: down ? "GET /v1/events: connection refused" : null,
      errors: down ? 36 : dice.between(0, 4),
      position: `${id}-0000000${dice.between(100, 999)}`,
      through: at(down ? 6 * MINUTE : lag * SECOND),
      last: at(down ? 6 * MINUTE : SECOND),
      total: total + 2_400_000,
      bytes: (total + 2_400_000) * bytes,
    };
  });
  await sql.query(
    `INSERT INTO sources (id, kind, state, state_since, error_kind, error_message, error_count, position, position_at, data_through, last_event_at, total_rows, total_bytes)
     SELECT id, kind, state, since, "errorKind", "errorMessage", errors, position, last, through, last, total, bytes FROM jsonb_to_recordset($1::jsonb)
         AS s (id text, kind text, state text, since timestamptz, "errorKind" text, "errorMessage" text, errors int, position text, through timestamptz, last timestamptz, total bigint, bytes bigint)`,
    [rowsJson(sources)],
  );
  await sql.query(
    `INSERT INTO flow_samples (source_id, at, rows, bytes, errors, lag_seconds, lag_bytes)
     SELECT source, at, rows, bytes, errors, lag, "lagBytes" FROM jsonb_to_recordset($1::jsonb)
         AS f (source text, at timestamptz, rows bigint, bytes bigint, errors int, lag float8, "lagBytes" bigint) ON CONFLICT DO NOTHING`,
    [rowsJson(samples)],
  );
  await seedStreams(sql, at, dice);
  await seedQuarantine(sql, at, dice);
}

async function seedStreams(sql: Sql, at: (ago: number) => string, dice: Dice): Promise<void> {
  const streams = STREAMS.map((one) => {
    const rows = dice.between(200, 400_000);
    const behind = one.stream === "public.price_changes";
    return {
      source: one.source,
      name: one.stream,
      state: behind ? "snapshotting" : "streaming",
      since: at(behind ? 4 * MINUTE : 26 * HOUR),
      description: `${one.stream} of ${one.source}`,
      version: one.stream === "public.products" ? 2 : 1,
      key: one.key,
      read: behind ? Math.round(rows * 0.4) : rows,
      expected: rows,
      total: rows + dice.between(0, 9_000),
      last: at(dice.between(1, 3_000) * SECOND),
      columns: one.columns.map((column) => ({
        name: column.name,
        sourceType: column.type,
        type: column.type,
        nullable: !one.key.includes(column.name),
        description: column.description,
        pii: column.pii,
      })),
    };
  });
  await sql.query(
    `INSERT INTO streams (source_id, name, state, state_since, description, schema_version, columns, key_columns, rows_read, rows_expected, total_rows, last_event_at)
     SELECT source, name, state, since, description, version, columns, key, read, expected, total, last FROM jsonb_to_recordset($1::jsonb)
         AS s (source text, name text, state text, since timestamptz, description text, version int, columns jsonb, key text[], read bigint, expected bigint, total bigint, last timestamptz)`,
    [rowsJson(streams)],
  );
  const seen = (name: string, stream: string, state: string, waits: boolean, change: object, age: number) => ({
    id: fixedId(`drift:${name}`),
    stream,
    state,
    waits,
    change: { newName: null, from: null, to: null, ...change },
    at: at(age),
  });
  await sql.query(
    `INSERT INTO drift_items (id, source_id, stream, from_version, to_version, change, state, waits, position, seen_at, settled_at)
     SELECT id, 'orders_db', stream, 1, 2, change, state, waits, '0/1A2B3C8', at, CASE WHEN state <> 'open' THEN at END
       FROM jsonb_to_recordset($1::jsonb) AS d (id uuid, stream text, state text, waits boolean, change jsonb, at timestamptz)`,
    [
      rowsJson([
        seen(
          "products",
          "public.products",
          "evolved",
          false,
          { kind: "added", column: "eco_label", to: "text" },
          3 * HOUR,
        ),
        seen(
          "orders",
          "public.orders",
          "open",
          true,
          { kind: "renamed", column: "total", newName: "grand_total", from: "numeric(12,2)", to: "numeric(12,2)" },
          HOUR / 2,
        ),
        seen(
          "customers",
          "public.customers",
          "open",
          false,
          { kind: "retyped", column: "phone", from: "text", to: "bigint" },
          2 * HOUR,
        ),
      ]),
    ],
  );
}

interface Refused {
  readonly source: SourceId;
  readonly stream: string | null;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly payload: string;
}

async function seedQuarantine(sql: Sql, at: (ago: number) => string, dice: Dice): Promise<void> {
  const reasons: readonly [Refused, ...Refused[]] = [
    {
      source: "app_logs",
      stream: "events",
      reason: "malformed",
      detail: "line is not a JSON object",
      payload: '{"ts": "2026-11-',
    },
    {
      source: "stripe",
      stream: null,
      reason: "bad-signature",
      detail: "no signature matches the payload",
      payload: '{"id": "evt_forged"}',
    },
    {
      source: "orders_db",
      stream: "public.price_changes",
      reason: "type-mismatch",
      detail: "new_price: NaN does not fit decimal(12,2)",
      payload: '{"new_price": "NaN"}',
    },
  ];
  const items = Array.from({ length: 37 }, (_, index) => ({
    ...dice.pick(reasons),
    id: fixedId(`quarantine:${index}`),
    at: at(dice.between(1, 1_400) * MINUTE),
  }));
  await sql.query(
    `INSERT INTO quarantine_items (id, source_id, stream, reason, detail, payload, received_at)
     SELECT id, source, stream, reason, detail, payload, at FROM jsonb_to_recordset($1::jsonb)
         AS q (id uuid, source text, stream text, reason text, detail text, payload text, at timestamptz)`,
    [rowsJson(items)],
  );
}
