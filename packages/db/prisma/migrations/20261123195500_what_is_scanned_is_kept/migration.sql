-- Null: recorded before scans were measured, or nothing ran.
ALTER TABLE "steps" ADD COLUMN "scanned_bytes" BIGINT, ADD COLUMN "billed_bytes" BIGINT, ADD COLUMN "scan_queries" INTEGER;
ALTER TABLE "check_results" ADD COLUMN "scanned_bytes" BIGINT, ADD COLUMN "billed_bytes" BIGINT;
ALTER TABLE "queries" ADD COLUMN "scanned_bytes" BIGINT, ADD COLUMN "billed_bytes" BIGINT;
-- What the steps of its runs scanned so far: those runs go long before the backfill does.
ALTER TABLE "backfills" ADD COLUMN "scanned_bytes" BIGINT NOT NULL DEFAULT 0, ADD COLUMN "billed_bytes" BIGINT NOT NULL DEFAULT 0;

-- One row a dataset, UTC day and kind; written with the end of what scanned, so pruning takes nothing away.
CREATE TABLE "dataset_scan_days" (
    "day" DATE NOT NULL,
    "dataset" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "scanned_bytes" BIGINT NOT NULL,
    "billed_bytes" BIGINT NOT NULL,
    "queries" BIGINT NOT NULL,
    CONSTRAINT "dataset_scan_days_pkey" PRIMARY KEY ("day", "dataset", "kind")
);
CREATE INDEX "dataset_scan_days_dataset_day_idx" ON "dataset_scan_days" ("dataset", "day" DESC);
