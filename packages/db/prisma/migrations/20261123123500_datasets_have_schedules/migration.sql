-- CreateTable
CREATE TABLE "dataset_schedules" (
    "dataset" TEXT NOT NULL,
    "cron" TEXT NOT NULL,
    "zone" TEXT NOT NULL,
    "declared" BOOLEAN NOT NULL,
    "handled_through" TIMESTAMPTZ(6),
    "run_id" UUID,
    "paused_by" TEXT,
    "paused_at" TIMESTAMPTZ(6),

    CONSTRAINT "dataset_schedules_pkey" PRIMARY KEY ("dataset")
);

-- AddForeignKey
ALTER TABLE "dataset_schedules" ADD CONSTRAINT "dataset_schedules_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- By hand from here: what Prisma's schema language cannot say.

ALTER TABLE "dataset_schedules" ADD CONSTRAINT "dataset_schedules_pause_whole" CHECK (("paused_by" IS NULL) = ("paused_at" IS NULL));
ALTER TABLE "commands" DROP CONSTRAINT "commands_kind_known";
ALTER TABLE "commands" ADD CONSTRAINT "commands_kind_known" CHECK ("kind" IN ('run-dataset', 'cancel-run', 'retry-run', 'rollback-dataset', 'release-dataset', 'pause-pipeline', 'resume-pipeline', 'pause-schedule', 'resume-schedule', 'submit-backfill', 'pause-backfill', 'resume-backfill', 'cancel-backfill', 'retry-backfill', 'set-backfill-parallelism'));
