-- CreateTable
CREATE TABLE "backfills" (
    "id" UUID NOT NULL,
    "dataset" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "plan" JSONB NOT NULL,
    "parallelism" INTEGER NOT NULL,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "started_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),

    CONSTRAINT "backfills_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "backfill_partitions" (
    "backfill_id" UUID NOT NULL,
    "dataset" TEXT NOT NULL,
    "part" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "wave" INTEGER NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "run_id" UUID,
    "epoch" BIGINT,
    "started_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),
    "error_kind" TEXT,
    "error_message" TEXT,

    CONSTRAINT "backfill_partitions_pkey" PRIMARY KEY ("backfill_id","dataset","part")
);

-- CreateTable
CREATE TABLE "dataset_surveys" (
    "dataset" TEXT NOT NULL,
    "first_day" DATE,
    "snapshot_id" TEXT,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "dataset_surveys_pkey" PRIMARY KEY ("dataset")
);

-- CreateTable
CREATE TABLE "dataset_partitions" (
    "dataset" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "rows" BIGINT NOT NULL,

    CONSTRAINT "dataset_partitions_pkey" PRIMARY KEY ("dataset","day")
);

-- CreateIndex
CREATE INDEX "backfills_created_at_idx" ON "backfills"("created_at" DESC);

-- CreateIndex
CREATE INDEX "backfills_dataset_created_at_idx" ON "backfills"("dataset", "created_at" DESC);

-- CreateIndex
CREATE INDEX "backfill_partitions_backfill_id_state_number_idx" ON "backfill_partitions"("backfill_id", "state", "number");

-- CreateIndex
CREATE INDEX "backfill_partitions_dataset_part_ended_at_idx" ON "backfill_partitions"("dataset", "part", "ended_at" DESC);

-- CreateIndex
CREATE INDEX "backfill_partitions_run_id_idx" ON "backfill_partitions"("run_id");

-- AddForeignKey
ALTER TABLE "backfill_partitions" ADD CONSTRAINT "backfill_partitions_backfill_id_fkey" FOREIGN KEY ("backfill_id") REFERENCES "backfills"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_surveys" ADD CONSTRAINT "dataset_surveys_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "dataset_partitions" ADD CONSTRAINT "dataset_partitions_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- By hand from here: what Prisma's schema language cannot say.

ALTER TABLE "backfills" ADD CONSTRAINT "backfills_state_known" CHECK ("state" IN ('planned', 'running', 'paused', 'done', 'failed', 'cancelled'));
ALTER TABLE "backfill_partitions" ADD CONSTRAINT "backfill_partitions_state_known" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'skipped', 'cancelled'));
ALTER TABLE "commands" DROP CONSTRAINT "commands_kind_known";
ALTER TABLE "commands" ADD CONSTRAINT "commands_kind_known" CHECK ("kind" IN ('run-dataset', 'cancel-run', 'retry-run', 'rollback-dataset', 'release-dataset', 'pause-pipeline', 'resume-pipeline', 'submit-backfill', 'pause-backfill', 'resume-backfill', 'cancel-backfill', 'retry-backfill', 'set-backfill-parallelism'));
