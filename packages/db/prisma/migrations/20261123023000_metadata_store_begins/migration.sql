-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "title" TEXT NOT NULL DEFAULT '',
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "demo" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "grants" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "dataset" TEXT NOT NULL,
    "columns" TEXT[],
    "reason" TEXT NOT NULL,
    "granted_by" TEXT NOT NULL,
    "valid_until" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "grants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entries" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "worker_leases" (
    "epoch" BIGSERIAL NOT NULL,
    "worker_id" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL,
    "heartbeat_at" TIMESTAMPTZ(6) NOT NULL,
    "released_at" TIMESTAMPTZ(6),

    CONSTRAINT "worker_leases_pkey" PRIMARY KEY ("epoch")
);

-- CreateTable
CREATE TABLE "sources" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "state_since" TIMESTAMPTZ(6) NOT NULL,
    "error_kind" TEXT,
    "error_message" TEXT,
    "error_count" BIGINT NOT NULL DEFAULT 0,
    "position" TEXT,
    "position_at" TIMESTAMPTZ(6),
    "data_through" TIMESTAMPTZ(6),
    "last_event_at" TIMESTAMPTZ(6),
    "total_rows" BIGINT NOT NULL DEFAULT 0,
    "total_bytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "sources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "streams" (
    "source_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "state_since" TIMESTAMPTZ(6) NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "schema_version" INTEGER NOT NULL DEFAULT 1,
    "columns" JSONB NOT NULL,
    "key_columns" TEXT[],
    "rows_read" BIGINT NOT NULL DEFAULT 0,
    "rows_expected" BIGINT,
    "cursor" TEXT,
    "total_rows" BIGINT NOT NULL DEFAULT 0,
    "last_event_at" TIMESTAMPTZ(6),
    "error_kind" TEXT,
    "error_message" TEXT,

    CONSTRAINT "streams_pkey" PRIMARY KEY ("source_id","name")
);

-- CreateTable
CREATE TABLE "flow_samples" (
    "source_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "rows" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "errors" INTEGER NOT NULL DEFAULT 0,
    "lag_seconds" DOUBLE PRECISION,
    "lag_bytes" BIGINT,

    CONSTRAINT "flow_samples_pkey" PRIMARY KEY ("source_id","at")
);

-- CreateTable
CREATE TABLE "delivery_ledger" (
    "source_id" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "delivery_ledger_pkey" PRIMARY KEY ("source_id","id")
);

-- CreateTable
CREATE TABLE "quarantine_items" (
    "id" UUID NOT NULL,
    "source_id" TEXT NOT NULL,
    "stream" TEXT,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(6) NOT NULL,
    "replayed_at" TIMESTAMPTZ(6),

    CONSTRAINT "quarantine_items_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "drift_items" (
    "id" UUID NOT NULL,
    "source_id" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "from_version" INTEGER NOT NULL,
    "to_version" INTEGER NOT NULL,
    "changes" JSONB NOT NULL,
    "seen_at" TIMESTAMPTZ(6) NOT NULL,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "drift_items_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "datasets" (
    "name" TEXT NOT NULL,
    "layer" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "pipeline" TEXT NOT NULL,
    "key_columns" TEXT[],
    "target_lag_seconds" INTEGER NOT NULL,
    "model_sql" TEXT NOT NULL DEFAULT '',
    "model_path" TEXT NOT NULL DEFAULT '',
    "code_version" TEXT NOT NULL DEFAULT '',
    "snapshot_id" TEXT,
    "row_count" BIGINT,
    "bytes" BIGINT,
    "file_count" INTEGER,
    "data_through" TIMESTAMPTZ(6),
    "committed_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "search_text" TEXT NOT NULL DEFAULT '',
    "query_count" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "datasets_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "dataset_columns" (
    "dataset" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "type" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "pii" TEXT NOT NULL DEFAULT 'none',
    "null_rate" DOUBLE PRECISION,
    "distinct_estimate" BIGINT,
    "profiled_at" TIMESTAMPTZ(6),

    CONSTRAINT "dataset_columns_pkey" PRIMARY KEY ("dataset","name")
);

-- CreateTable
CREATE TABLE "dataset_inputs" (
    "dataset" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "consumed_snapshot" TEXT,
    "consumed_at" TIMESTAMPTZ(6),

    CONSTRAINT "dataset_inputs_pkey" PRIMARY KEY ("dataset","input")
);

-- CreateTable
CREATE TABLE "column_lineage" (
    "from_dataset" TEXT NOT NULL,
    "from_column" TEXT NOT NULL,
    "to_dataset" TEXT NOT NULL,
    "to_column" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "expression" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "column_lineage_pkey" PRIMARY KEY ("from_dataset","from_column","to_dataset","to_column","kind")
);

-- CreateTable
CREATE TABLE "freshness_samples" (
    "dataset" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "data_through" TIMESTAMPTZ(6),
    "age_seconds" INTEGER,
    "state" TEXT NOT NULL,

    CONSTRAINT "freshness_samples_pkey" PRIMARY KEY ("dataset","at")
);

-- CreateTable
CREATE TABLE "checks" (
    "dataset" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "column" TEXT,
    "severity" TEXT NOT NULL,
    "blocking" BOOLEAN NOT NULL,
    "threshold" DOUBLE PRECISION NOT NULL,
    "description" TEXT NOT NULL,
    "last_outcome" TEXT,
    "last_value" DOUBLE PRECISION,
    "last_message" TEXT,
    "last_at" TIMESTAMPTZ(6),
    "outcome_since" TIMESTAMPTZ(6),

    CONSTRAINT "checks_pkey" PRIMARY KEY ("dataset","name")
);

-- CreateTable
CREATE TABLE "check_results" (
    "dataset" TEXT NOT NULL,
    "check" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "outcome" TEXT NOT NULL,
    "value" DOUBLE PRECISION,
    "threshold" DOUBLE PRECISION NOT NULL,
    "snapshot_id" TEXT,
    "run_id" UUID,
    "message" TEXT NOT NULL,

    CONSTRAINT "check_results_pkey" PRIMARY KEY ("dataset","check","at")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" UUID NOT NULL,
    "pipeline" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "started_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),
    "datasets" TEXT[],
    "rows_out" BIGINT NOT NULL DEFAULT 0,
    "error_kind" TEXT,
    "error_message" TEXT,

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "steps" (
    "run_id" UUID NOT NULL,
    "dataset" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "after" TEXT[],
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "waiting_since" TIMESTAMPTZ(6) NOT NULL,
    "started_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),
    "retry_at" TIMESTAMPTZ(6),
    "rows_in" BIGINT,
    "rows_out" BIGINT,
    "bytes" BIGINT,
    "snapshot_before" TEXT,
    "snapshot_after" TEXT,
    "skip_reason" TEXT,
    "error_kind" TEXT,
    "error_message" TEXT,

    CONSTRAINT "steps_pkey" PRIMARY KEY ("run_id","dataset")
);

-- CreateTable
CREATE TABLE "attempts" (
    "run_id" UUID NOT NULL,
    "dataset" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL,
    "ended_at" TIMESTAMPTZ(6),
    "error_kind" TEXT,
    "error_message" TEXT,

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("run_id","dataset","number")
);

-- CreateTable
CREATE TABLE "run_logs" (
    "run_id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "dataset" TEXT,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "level" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "fields" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "run_logs_pkey" PRIMARY KEY ("run_id","seq")
);

-- CreateTable
CREATE TABLE "queries" (
    "id" UUID NOT NULL,
    "user_id" UUID,
    "actor" TEXT NOT NULL,
    "sql" TEXT NOT NULL,
    "datasets" TEXT[],
    "state" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL,
    "ended_at" TIMESTAMPTZ(6),
    "rows" BIGINT,
    "bytes" BIGINT,
    "error_kind" TEXT,
    "error_message" TEXT,

    CONSTRAINT "queries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "grants_user_id_idx" ON "grants"("user_id");

-- CreateIndex
CREATE INDEX "audit_entries_at_idx" ON "audit_entries"("at" DESC);

-- CreateIndex
CREATE INDEX "audit_entries_resource_at_idx" ON "audit_entries"("resource", "at" DESC);

-- CreateIndex
CREATE INDEX "delivery_ledger_at_idx" ON "delivery_ledger"("at");

-- CreateIndex
CREATE INDEX "quarantine_items_source_id_received_at_idx" ON "quarantine_items"("source_id", "received_at" DESC);

-- CreateIndex
CREATE INDEX "quarantine_items_reason_idx" ON "quarantine_items"("reason");

-- CreateIndex
CREATE INDEX "drift_items_source_id_stream_seen_at_idx" ON "drift_items"("source_id", "stream", "seen_at" DESC);

-- CreateIndex
CREATE INDEX "datasets_layer_idx" ON "datasets"("layer");

-- CreateIndex
CREATE INDEX "dataset_inputs_input_idx" ON "dataset_inputs"("input");

-- CreateIndex
CREATE INDEX "column_lineage_to_dataset_idx" ON "column_lineage"("to_dataset");

-- CreateIndex
CREATE INDEX "runs_created_at_idx" ON "runs"("created_at" DESC);

-- CreateIndex
CREATE INDEX "runs_state_created_at_idx" ON "runs"("state", "created_at" DESC);

-- CreateIndex
CREATE INDEX "runs_pipeline_created_at_idx" ON "runs"("pipeline", "created_at" DESC);

-- CreateIndex
CREATE INDEX "runs_datasets_idx" ON "runs" USING GIN ("datasets");

-- CreateIndex
CREATE INDEX "steps_dataset_started_at_idx" ON "steps"("dataset", "started_at" DESC);

-- CreateIndex
CREATE INDEX "queries_user_id_started_at_idx" ON "queries"("user_id", "started_at" DESC);

-- CreateIndex
CREATE INDEX "queries_started_at_idx" ON "queries"("started_at" DESC);

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "streams" ADD CONSTRAINT "streams_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "flow_samples" ADD CONSTRAINT "flow_samples_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_columns" ADD CONSTRAINT "dataset_columns_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_inputs" ADD CONSTRAINT "dataset_inputs_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "freshness_samples" ADD CONSTRAINT "freshness_samples_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checks" ADD CONSTRAINT "checks_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "check_results" ADD CONSTRAINT "check_results_dataset_check_fkey" FOREIGN KEY ("dataset", "check") REFERENCES "checks"("dataset", "name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "steps" ADD CONSTRAINT "steps_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_run_id_dataset_fkey" FOREIGN KEY ("run_id", "dataset") REFERENCES "steps"("run_id", "dataset") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "run_logs" ADD CONSTRAINT "run_logs_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- ------------------------------------------------------------------------------------------------------------------
-- By hand from here: what Prisma's schema language cannot say.

-- The audit is append-only for everyone, the application included.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON "audit_entries"
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON "audit_entries"
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- Closed vocabularies of the core (ROLES, SOURCE_STATES, LAYERS …): a word the code does not know never gets in.
ALTER TABLE "users" ADD CONSTRAINT "users_role_known" CHECK ("role" IN ('analyst', 'data-engineer', 'privacy-officer', 'data-owner', 'platform-engineer'));
ALTER TABLE "users" ADD CONSTRAINT "users_email_lower" CHECK ("email" = lower("email"));
ALTER TABLE "sources" ADD CONSTRAINT "sources_kind_known" CHECK ("kind" IN ('postgres', 'salesforce', 'stripe', 'logs'));
ALTER TABLE "sources" ADD CONSTRAINT "sources_state_known" CHECK ("state" IN ('not-configured', 'connecting', 'snapshotting', 'streaming', 'retrying', 'stopped'));
ALTER TABLE "streams" ADD CONSTRAINT "streams_state_known" CHECK ("state" IN ('waiting', 'snapshotting', 'streaming', 'failed'));
ALTER TABLE "datasets" ADD CONSTRAINT "datasets_layer_known" CHECK ("layer" IN ('raw', 'staged', 'curated', 'mart', 'export'));
ALTER TABLE "datasets" ADD CONSTRAINT "datasets_named_after_layer" CHECK ("name" LIKE "layer" || '.%');
ALTER TABLE "dataset_columns" ADD CONSTRAINT "dataset_columns_pii_known" CHECK ("pii" IN ('none', 'indirect', 'direct'));
ALTER TABLE "dataset_columns" ADD CONSTRAINT "dataset_columns_null_rate_share" CHECK ("null_rate" BETWEEN 0 AND 1);
ALTER TABLE "column_lineage" ADD CONSTRAINT "column_lineage_kind_known" CHECK ("kind" IN ('identity', 'transformed', 'indirect'));
ALTER TABLE "freshness_samples" ADD CONSTRAINT "freshness_samples_state_known" CHECK ("state" IN ('fresh', 'late', 'unknown'));
ALTER TABLE "checks" ADD CONSTRAINT "checks_severity_known" CHECK ("severity" IN ('error', 'warning'));
ALTER TABLE "checks" ADD CONSTRAINT "checks_outcome_known" CHECK ("last_outcome" IN ('passed', 'warned', 'failed', 'skipped'));
ALTER TABLE "check_results" ADD CONSTRAINT "check_results_outcome_known" CHECK ("outcome" IN ('passed', 'warned', 'failed', 'skipped'));
ALTER TABLE "runs" ADD CONSTRAINT "runs_state_known" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'));
ALTER TABLE "steps" ADD CONSTRAINT "steps_state_known" CHECK ("state" IN ('waiting', 'running', 'retrying', 'succeeded', 'failed', 'skipped', 'cancelled'));
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_state_known" CHECK ("state" IN ('running', 'succeeded', 'failed'));
ALTER TABLE "run_logs" ADD CONSTRAINT "run_logs_level_known" CHECK ("level" IN ('debug', 'info', 'warn', 'error'));
ALTER TABLE "queries" ADD CONSTRAINT "queries_state_known" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'));

-- Catalog search finds middles of names: `search_text LIKE '%word%'` over a few hundred rows is one sequential scan of
-- under a millisecond, so no pg_trgm (an extension a managed PostgreSQL may refuse) and no index to keep up.

-- Hot counters and heartbeats are updated in place; room on the page keeps those updates off the indexes.
ALTER TABLE "sources" SET (fillfactor = 50);
ALTER TABLE "streams" SET (fillfactor = 50);
ALTER TABLE "datasets" SET (fillfactor = 70);
ALTER TABLE "dataset_inputs" SET (fillfactor = 70);
ALTER TABLE "worker_leases" SET (fillfactor = 50);
