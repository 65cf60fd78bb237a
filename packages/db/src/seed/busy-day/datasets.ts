import { type CheckDefinition, judgeCheck } from "@nova/pipeline-core/quality";
import type { ColumnLineageEdge } from "@nova/pipeline-core/lineage";
import { HOUR, MINUTE } from "@nova/pipeline-core/kernel";
import { rowsJson, type StoreContext, type StoreDb } from "../../repositories/store-context.ts";
import { catalogStore, lineageStore, qualityStore } from "../../repositories/index.ts";
import type { Dice } from "../random.ts";
import { ENTRIES, STREAMS } from "./tables.ts";

/** Not everything is well: these are late, for the reasons the sources show. */
const LATE: Readonly<Record<string, number>> = {
  "raw.stripe": 360,
  "staged.stripe__charge": 372,
  "staged.stripe__refund": 372,
  "curated.payments": 390,
  "mart.payment_reconciliation": 410,
  "mart.campaign_return": 9_300,
};
const NEVER_LOADED = "staged.orders_db__price_changes";

/** About sixty datasets with state, freshness of a day, profiles, lineage and checks with history. */
export async function seedDatasets(db: StoreDb, context: StoreContext, dice: Dice): Promise<void> {
  const now = context.clock.now();
  await catalogStore(db, context).saveEntries(ENTRIES);
  const states = ENTRIES.map((entry) => {
    const age = LATE[entry.name] ?? Math.round(entry.targetLagSeconds * (0.1 + 0.6 * dice.share()));
    const rows = entry.name.startsWith("raw.") ? dice.between(2_000_000, 9_000_000) : dice.between(300, 420_000);
    const loaded = entry.name !== NEVER_LOADED;
    return {
      name: entry.name,
      loaded,
      snapshot: String(7_000_000_000_000_000_000n + BigInt(dice.between(1, 1e9))),
      rows,
      bytes: rows * dice.between(40, 160),
      files: dice.between(1, 60),
      through: new Date(now.getTime() - age * 1_000),
      queries:
        entry.name.startsWith("curated.") || entry.name.startsWith("mart.")
          ? dice.between(3, 900)
          : dice.between(0, 12),
    };
  });
  await db.pool.query(
    `UPDATE datasets d SET snapshot_id = s.snapshot, row_count = s.rows, bytes = s.bytes, file_count = s.files, data_through = s.through, committed_at = s.through, query_count = s.queries
       FROM jsonb_to_recordset($1::jsonb) AS s (name text, snapshot text, rows bigint, bytes bigint, files int, through timestamptz, queries bigint) WHERE d.name = s.name`,
    [rowsJson(states.filter((state) => state.loaded))],
  );
  await db.pool.query(
    `UPDATE dataset_inputs i SET consumed_snapshot = s.snapshot_id, consumed_at = s.committed_at FROM datasets s WHERE s.name = i.input`,
  );
  await db.pool.query(
    `UPDATE dataset_columns SET profiled_at = $1, null_rate = CASE WHEN ordinal = 0 THEN 0 ELSE (hashtextextended(dataset || name, 7) & 31)::float8 / 200 END WHERE dataset <> $2`,
    [now, NEVER_LOADED],
  );
  await seedFreshness(db, now);
  await seedLineage(db);
  await seedChecks(db, now, dice);
}

/** A sample every five minutes of the last day; the late ones of now were fine until their trouble began. */
async function seedFreshness(db: StoreDb, now: Date): Promise<void> {
  const late = rowsJson(Object.entries(LATE).map(([name, age]) => ({ name, age })));
  await db.pool.query(
    `INSERT INTO freshness_samples (dataset, at, data_through, age_seconds, state)
     SELECT name, at, at - make_interval(secs => age), age, CASE WHEN age <= target THEN 'fresh' ELSE 'late' END
       FROM (SELECT d.name, t.at, d.target_lag_seconds AS target,
                    CASE WHEN l.age IS NOT NULL AND $1::timestamptz - t.at < make_interval(secs => l.age) THEN l.age - extract(epoch FROM $1::timestamptz - t.at)::int + 20
                         WHEN hashtextextended(d.name || t.at, 3) & 127 = 0 THEN d.target_lag_seconds * 2
                         ELSE 1 + (hashtextextended(d.name || t.at, 5) & 63)::int * d.target_lag_seconds / 80 END AS age
               FROM datasets d LEFT JOIN jsonb_to_recordset($2::jsonb) AS l (name text, age int) USING (name)
              CROSS JOIN generate_series($1::timestamptz - interval '24 hours', $1::timestamptz, interval '5 minutes') AS t (at)
              WHERE d.data_through IS NOT NULL) samples`,
    [now, late],
  );
}

async function seedLineage(db: StoreDb): Promise<void> {
  const store = lineageStore(db);
  const columnsOf = new Map(ENTRIES.map((entry) => [entry.name, entry.columns]));
  for (const entry of ENTRIES.filter((one) => one.sql !== "")) {
    const edges: ColumnLineageEdge[] = entry.columns.flatMap((column) =>
      entry.inputs.flatMap((input): ColumnLineageEdge[] => {
        const same = columnsOf.get(input)?.find((one) => one.name === column.name);
        if (same !== undefined)
          return [
            {
              fromDataset: input,
              fromColumn: same.name,
              toDataset: entry.name,
              toColumn: column.name,
              kind: "identity" as const,
              expression: "",
            },
          ];
        const amount = columnsOf
          .get(input)
          ?.find((one) => one.type === column.type && /amount|total|price/.test(one.name));
        if (amount === undefined || !column.type.startsWith("decimal")) return [];
        return [
          {
            fromDataset: input,
            fromColumn: amount.name,
            toDataset: entry.name,
            toColumn: column.name,
            kind: "transformed" as const,
            expression: `sum(${amount.name})`,
          },
        ];
      }),
    );
    await store.saveColumnLineage(entry.name, edges);
  }
  for (const stream of STREAMS)
    await store.saveColumnLineage(
      stream.dataset,
      stream.columns.map((column) => ({
        fromDataset: `${stream.source}/${stream.stream}` as const,
        fromColumn: column.name,
        toDataset: stream.dataset,
        toColumn: column.name,
        kind: "identity" as const,
        expression: "",
      })),
    );
}

async function seedChecks(db: StoreDb, now: Date, dice: Dice): Promise<void> {
  const quality = qualityStore(db);
  const checks = ENTRIES.flatMap((entry): CheckDefinition[] => {
    const base = { dataset: entry.name, column: null, severity: "error", blocking: false, threshold: 0 } as const;
    const freshness: CheckDefinition = {
      ...base,
      name: "freshness",
      kind: "freshness",
      threshold: entry.targetLagSeconds,
      severity: "warning",
      description: `Data is at most ${entry.targetLagSeconds} s old`,
    };
    const keys: CheckDefinition = {
      ...base,
      name: "duplicate-keys",
      kind: "duplicate-keys",
      blocking: true,
      description: `No two rows share ${entry.key.join(", ")}`,
    };
    const nulls = entry.columns
      .filter((column) => column.name === "email" || column.name === "total")
      .map((column): CheckDefinition => ({
        ...base,
        name: `null-rate:${column.name}`,
        kind: "null-rate",
        column: column.name,
        threshold: 0.05,
        description: `At most 5 % of ${column.name} is empty`,
      }));
    return [freshness, ...(entry.key.length > 0 ? [keys] : []), ...nulls];
  });
  await quality.saveChecks(
    ENTRIES.map((entry) => entry.name),
    checks,
  );
  for (let round = 47; round >= 0; round -= 1) {
    const at = new Date(now.getTime() - round * 30 * MINUTE - 2 * MINUTE);
    await quality.recordResults(
      checks.map((check) => {
        const bad = check.dataset === "staged.salesforce__contact" && check.kind === "null-rate" && round < 7;
        const value =
          check.kind === "freshness"
            ? round === 0
              ? (LATE[check.dataset] ?? check.threshold * 0.5)
              : check.threshold * (0.2 + dice.share() * 0.85)
            : check.kind === "null-rate"
              ? bad
                ? 0.11
                : 0.01 + dice.share() * 0.03
              : 0;
        const judged = check.dataset === NEVER_LOADED ? null : value;
        return {
          dataset: check.dataset,
          check: check.name,
          at,
          outcome: judgeCheck(check, judged),
          value: judged,
          threshold: check.threshold,
          snapshotId: null,
          runId: null,
          message: judged === null ? "no data yet" : `${Number(judged.toFixed(3))} against ${check.threshold}`,
        };
      }),
    );
  }
  // Half a day of one blocking check that failed and was repaired, for the history chart.
  await quality.recordResults([
    {
      dataset: "curated.orders",
      check: "duplicate-keys",
      at: new Date(now.getTime() - 9 * HOUR),
      outcome: "failed",
      value: 3,
      threshold: 0,
      snapshotId: null,
      runId: null,
      message: "3 rows share an order_id",
    },
  ]);
}
