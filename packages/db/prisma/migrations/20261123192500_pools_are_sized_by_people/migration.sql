-- CreateTable
CREATE TABLE "pool_changes" (
    "pool" TEXT NOT NULL,
    "places" INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "pool_changes_pkey" PRIMARY KEY ("pool")
);

-- By hand from here: what Prisma's schema language cannot say.

ALTER TABLE "pool_changes" ADD CONSTRAINT "pool_changes_places_sane" CHECK ("places" BETWEEN 1 AND 100);
ALTER TABLE "commands" DROP CONSTRAINT "commands_kind_known";
ALTER TABLE "commands" ADD CONSTRAINT "commands_kind_known" CHECK ("kind" IN ('run-dataset', 'cancel-run', 'retry-run', 'rollback-dataset', 'release-dataset', 'pause-pipeline', 'resume-pipeline', 'pause-schedule', 'resume-schedule', 'submit-backfill', 'pause-backfill', 'resume-backfill', 'cancel-backfill', 'retry-backfill', 'set-backfill-parallelism', 'set-pool', 'reset-pool'));
