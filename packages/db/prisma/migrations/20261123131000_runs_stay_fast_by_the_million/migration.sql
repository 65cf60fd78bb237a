-- Pages of runs are found in indexes alone: what a filter looks at stands in each entry, so that runs that do not match
-- cost no look at the table.
DROP INDEX "runs_created_at_idx";
DROP INDEX "runs_state_created_at_idx";
DROP INDEX "runs_pipeline_created_at_idx";
CREATE INDEX "runs_newest" ON "runs" ("created_at" DESC, "id" DESC) INCLUDE ("state", "pipeline", "trigger", "started_at", "ended_at", "requested_by");
CREATE INDEX "runs_of_state" ON "runs" ("state", "created_at" DESC, "id" DESC) INCLUDE ("pipeline", "trigger", "started_at", "ended_at", "requested_by");
CREATE INDEX "runs_of_pipeline" ON "runs" ("pipeline", "created_at" DESC, "id" DESC) INCLUDE ("state", "trigger", "started_at", "ended_at", "requested_by");
CREATE INDEX "runs_of_trigger" ON "runs" ("trigger", "created_at" DESC, "id" DESC) INCLUDE ("state", "pipeline", "started_at", "ended_at", "requested_by");
CREATE INDEX "runs_of_person" ON "runs" ("requested_by", "created_at" DESC, "id" DESC) WHERE "requested_by" IS NOT NULL;
-- The longest first; those that have not ended have no end yet.
CREATE INDEX "runs_longest" ON "runs" (("ended_at" - coalesce("started_at", "created_at")) DESC) WHERE "ended_at" IS NOT NULL;
CREATE INDEX "runs_retried" ON "runs" ("retry_of") WHERE "retry_of" IS NOT NULL;

-- CreateTable
CREATE TABLE "dataset_run_days" (
    "dataset" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "succeeded" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "cancelled" INTEGER NOT NULL,
    "rows_out" BIGINT NOT NULL,
    "seconds" DOUBLE PRECISION NOT NULL,
    "longest_seconds" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "dataset_run_days_pkey" PRIMARY KEY ("dataset","day")
);
