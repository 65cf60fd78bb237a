-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "by_hand" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "steps" ADD COLUMN     "mark_reason" TEXT,
ADD COLUMN     "marked_at" TIMESTAMPTZ(6),
ADD COLUMN     "marked_by" TEXT;

-- By hand from here: what Prisma's schema language cannot say.

ALTER TABLE "steps" ADD CONSTRAINT "steps_mark_whole" CHECK (("marked_by" IS NULL) = ("marked_at" IS NULL) AND ("marked_by" IS NULL) = ("mark_reason" IS NULL));
ALTER TABLE "steps" DROP CONSTRAINT "steps_state_known";
ALTER TABLE "steps" ADD CONSTRAINT "steps_state_known" CHECK ("state" IN ('waiting', 'running', 'retrying', 'succeeded', 'failed', 'skipped', 'cancelled', 'done-by-hand'));
ALTER TABLE "commands" DROP CONSTRAINT "commands_kind_known";
ALTER TABLE "commands" ADD CONSTRAINT "commands_kind_known" CHECK ("kind" IN ('run-dataset', 'cancel-run', 'retry-run', 'mark-run', 'rollback-dataset', 'release-dataset', 'pause-pipeline', 'resume-pipeline', 'pause-schedule', 'resume-schedule', 'submit-backfill', 'pause-backfill', 'resume-backfill', 'cancel-backfill', 'retry-backfill', 'set-backfill-parallelism', 'set-pool', 'reset-pool'));
