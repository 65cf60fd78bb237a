import type { CatalogEntry, CatalogStore, DatasetColumn, DatasetName } from "@nova/pipeline-core/catalog";
import { splitDatasetName } from "@nova/pipeline-core/catalog";
import { PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import { announce, type Sql, throttledAnnounce } from "./announce.ts";
import { leaseCte } from "./lease-guard.ts";
import { FLUSHED_WITH_THE_NEXT, inTransaction, rowsJson, type StoreContext, type StoreDb } from "./store-context.ts";

export function catalogStore(db: StoreDb, { clock }: Pick<StoreContext, "clock">): CatalogStore {
  const announceOften = throttledAnnounce(clock);
  return {
    async saveEntries(entries) {
      if (entries.length === 0) return;
      const names = entries.map((entry) => entry.name);
      await inTransaction(db.pool, async (tx) => {
        await saveDatasets(tx, entries);
        await saveColumns(tx, entries);
        await saveInputs(tx, entries);
        await refreshSearchText(tx, names);
        await announce(tx, "dataset", names);
      });
    },

    async saveColumns(dataset, columns) {
      await inTransaction(db.pool, async (tx) => {
        const { rowCount } = await tx.query("SELECT FROM datasets WHERE name = $1 FOR UPDATE", [dataset]);
        if (rowCount === 0) throw notInCatalog([dataset]);
        await saveColumns(tx, [{ name: dataset, columns }]);
        await refreshSearchText(tx, [dataset]);
        await announce(tx, "dataset", [dataset]);
      });
    },

    async states() {
      const { rows } = await db.pool.query<{
        name: string;
        snapshot_id: string | null;
        data_through: Date | null;
        committed_at: Date | null;
      }>("SELECT name, snapshot_id, data_through, committed_at FROM datasets ORDER BY name");
      return rows.map((row) => ({
        name: row.name,
        snapshotId: row.snapshot_id,
        dataThrough: row.data_through,
        committedAt: row.committed_at,
      }));
    },

    async inputs() {
      const { rows } = await db.pool.query<{ dataset: string; input: string; consumed_snapshot: string | null }>(
        "SELECT dataset, input, consumed_snapshot FROM dataset_inputs ORDER BY dataset, input",
      );
      return rows.map((row) => ({ dataset: row.dataset, input: row.input, consumedSnapshot: row.consumed_snapshot }));
    },

    advanceInputs: (tx, epoch, moves) => moveInputs(tx, epoch, moves),

    async skipInputs(epoch, moves) {
      await inTransaction(db.pool, (tx) => moveInputs(tx as Transaction, epoch, moves));
    },

    async recordCommits(commits) {
      const { rows } = await db.pool.query<{ name: string }>(
        `UPDATE datasets d SET snapshot_id = coalesce(c."snapshotId", d.snapshot_id), row_count = c."rowCount", bytes = c.bytes,
                file_count = c."fileCount", committed_at = c."committedAt"
           FROM jsonb_to_recordset($1::jsonb) AS c (dataset text, "snapshotId" text, "rowCount" bigint, bytes bigint, "fileCount" int, "committedAt" timestamptz)
          WHERE d.name = c.dataset RETURNING d.name, ${FLUSHED_WITH_THE_NEXT}`,
        [rowsJson(commits)],
      );
      assertAllKnown(
        commits.map((commit) => commit.dataset),
        rows,
      );
      await announceOften(
        db.pool,
        "dataset",
        commits.map((commit) => commit.dataset),
      );
    },

    async setDataThrough(through) {
      const { rows } = await db.pool.query<{ name: string }>(
        `UPDATE datasets d SET data_through = greatest(d.data_through, t.at)
           FROM jsonb_to_recordset($1::jsonb) AS t (dataset text, at timestamptz) WHERE d.name = t.dataset RETURNING d.name`,
        [rowsJson(through)],
      );
      assertAllKnown(
        through.map((one) => one.dataset),
        rows,
      );
      await announceOften(
        db.pool,
        "dataset",
        through.map((one) => one.dataset),
      );
    },

    async recordFreshness(samples) {
      await db.pool.query(
        `INSERT INTO freshness_samples (dataset, at, data_through, age_seconds, state)
         SELECT dataset, at, "dataThrough", "ageSeconds", state FROM jsonb_to_recordset($1::jsonb)
             AS s (dataset text, at timestamptz, "dataThrough" timestamptz, "ageSeconds" int, state text)
         ON CONFLICT (dataset, at) DO UPDATE SET data_through = excluded.data_through, age_seconds = excluded.age_seconds, state = excluded.state`,
        [rowsJson(samples)],
      );
      await announceOften(
        db.pool,
        "dataset",
        samples.map((sample) => sample.dataset),
      );
    },

    async saveProfile(dataset, at, columns) {
      await db.pool.query(
        `UPDATE dataset_columns d SET null_rate = p."nullRate", profiled_at = $2
           FROM jsonb_to_recordset($3::jsonb) AS p (name text, "nullRate" float8) WHERE d.dataset = $1 AND d.name = p.name`,
        [dataset, at, rowsJson(columns)],
      );
      await announceOften(db.pool, "dataset", [dataset]);
    },
  };
}

async function saveDatasets(tx: Sql, entries: readonly CatalogEntry[]): Promise<void> {
  const rows = entries.map(({ columns: _columns, inputs: _inputs, ...entry }) => ({
    ...entry,
    layer: splitDatasetName(entry.name).layer,
  }));
  await tx.query(
    `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, key_columns, target_lag_seconds, model_sql, model_path, code_version, backfill_options)
     SELECT name, layer, kind, description, owner, pipeline, key, "targetLagSeconds", sql, path, "codeVersion", backfill FROM jsonb_to_recordset($1::jsonb)
         AS e (name text, layer text, kind text, description text, owner text, pipeline text, key text[], "targetLagSeconds" int, sql text, path text, "codeVersion" text, backfill jsonb)
     ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, description = excluded.description, owner = excluded.owner, pipeline = excluded.pipeline,
       key_columns = excluded.key_columns, target_lag_seconds = excluded.target_lag_seconds, model_sql = excluded.model_sql,
       model_path = excluded.model_path, code_version = excluded.code_version, backfill_options = excluded.backfill_options`,
    [rowsJson(rows)],
  );
}

/** Columns are replaced as declared; what a profile found of those that stay is kept. */
async function saveColumns(
  tx: Sql,
  entries: readonly { name: DatasetName; columns: readonly DatasetColumn[] }[],
): Promise<void> {
  const rows = rowsJson(
    entries.flatMap((entry) => entry.columns.map((column, ordinal) => ({ ...column, dataset: entry.name, ordinal }))),
  );
  await tx.query(
    `DELETE FROM dataset_columns d WHERE d.dataset = ANY($2::text[])
        AND NOT EXISTS (SELECT FROM jsonb_to_recordset($1::jsonb) AS c (dataset text, name text) WHERE c.dataset = d.dataset AND c.name = d.name)`,
    [rows, entries.map((entry) => entry.name)],
  );
  await tx.query(
    `INSERT INTO dataset_columns (dataset, name, ordinal, type, description, pii)
     SELECT dataset, name, ordinal, type, description, pii FROM jsonb_to_recordset($1::jsonb)
         AS c (dataset text, name text, ordinal int, type text, description text, pii text)
     ON CONFLICT (dataset, name) DO UPDATE SET ordinal = excluded.ordinal, type = excluded.type, description = excluded.description, pii = excluded.pii`,
    [rows],
  );
}

/** Inputs are replaced as declared; how far those that stay were consumed is kept. */
async function saveInputs(tx: Sql, entries: readonly CatalogEntry[]): Promise<void> {
  const rows = rowsJson(entries.flatMap((entry) => entry.inputs.map((input) => ({ dataset: entry.name, input }))));
  await tx.query(
    `DELETE FROM dataset_inputs d WHERE d.dataset = ANY($2::text[])
        AND NOT EXISTS (SELECT FROM jsonb_to_recordset($1::jsonb) AS i (dataset text, input text) WHERE i.dataset = d.dataset AND i.input = d.input)`,
    [rows, entries.map((entry) => entry.name)],
  );
  await tx.query(
    `INSERT INTO dataset_inputs (dataset, input) SELECT dataset, input FROM jsonb_to_recordset($1::jsonb) AS i (dataset text, input text)
     ON CONFLICT (dataset, input) DO NOTHING`,
    [rows],
  );
}

/** Bookkeeping columns (`_op`, `_merged_at` …) are left out: they are the same everywhere and would match every search. */
async function refreshSearchText(tx: Sql, names: readonly DatasetName[]): Promise<void> {
  await tx.query(
    `UPDATE datasets d SET search_text = lower(concat_ws(E'\\n', d.name, d.description, d.owner, d.pipeline, d.layer,
        (SELECT string_agg(concat_ws(' ', c.name, c.description, CASE WHEN c.pii <> 'none' THEN 'pii ' || c.pii END), E'\\n' ORDER BY c.ordinal)
           FROM dataset_columns c WHERE c.dataset = d.name AND left(c.name, 1) <> '_')))
      WHERE d.name = ANY($1::text[])`,
    [names],
  );
}

type InputMove = Parameters<CatalogStore["skipInputs"]>[1][number];

async function moveInputs(tx: Transaction, epoch: bigint, moves: readonly InputMove[]): Promise<void> {
  if (moves.length === 0) return;
  const { rowCount } = await tx.query(
    `WITH ${leaseCte(2)}
     UPDATE dataset_inputs i SET consumed_snapshot = m."to", consumed_at = m.at
       FROM jsonb_to_recordset($1::jsonb) AS m (dataset text, input text, "from" text, "to" text, at timestamptz)
      WHERE i.dataset = m.dataset AND i.input = m.input AND i.consumed_snapshot IS NOT DISTINCT FROM m."from" AND EXISTS (SELECT FROM lease)`,
    [rowsJson(moves), epoch],
  );
  if (rowCount === moves.length) return;
  const first = moves[0];
  throw new PlatformError(
    "stale-writer",
    `${moves.length - (rowCount ?? 0)} of ${moves.length} inputs (${first?.dataset} of ${first?.input} …) no longer stand where this work began, or lease ${epoch} was taken over`,
    { detail: { datasets: [...new Set(moves.map((move) => move.dataset))], epoch: epoch.toString() } },
  );
}

function assertAllKnown(names: readonly DatasetName[], rows: readonly { name: string }[]): void {
  const known = new Set(rows.map((row) => row.name));
  const missing = [...new Set(names)].filter((name) => !known.has(name));
  if (missing.length > 0) throw notInCatalog(missing);
}

function notInCatalog(names: readonly DatasetName[]): PlatformError {
  return new PlatformError("not-found", `not in the catalog: ${names.join(", ")}`);
}
