-- By hand: what Prisma's schema language cannot say.

ALTER TABLE "commands" DROP CONSTRAINT "commands_kind_known";
ALTER TABLE "commands" ADD CONSTRAINT "commands_kind_known" CHECK ("kind" IN ('run-dataset', 'cancel-run', 'retry-run', 'mark-run', 'unmark-run', 'rollback-dataset', 'release-dataset', 'pause-pipeline', 'resume-pipeline', 'pause-schedule', 'resume-schedule', 'submit-backfill', 'pause-backfill', 'resume-backfill', 'cancel-backfill', 'retry-backfill', 'set-backfill-parallelism', 'set-pool', 'reset-pool'));
