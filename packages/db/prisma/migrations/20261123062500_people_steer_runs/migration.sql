-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "cancelled_by" TEXT,
ADD COLUMN     "requested_by" TEXT,
ADD COLUMN     "retry_of" UUID;

-- AlterTable
ALTER TABLE "steps" ADD COLUMN     "idempotency_key" TEXT,
ADD COLUMN     "inputs_after" JSONB,
ADD COLUMN     "inputs_before" JSONB,
ADD COLUMN     "published_at" TIMESTAMPTZ(6),
ADD COLUMN     "through_before" TIMESTAMPTZ(6);

-- CreateTable
CREATE TABLE "commands" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "message" TEXT NOT NULL DEFAULT '',
    "run_id" UUID,
    "epoch" BIGINT,
    "created_at" TIMESTAMPTZ(6) NOT NULL,
    "taken_at" TIMESTAMPTZ(6),
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "commands_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pipeline_pauses" (
    "pipeline" TEXT NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "pipeline_pauses_pkey" PRIMARY KEY ("pipeline")
);

-- CreateTable
CREATE TABLE "dataset_holds" (
    "dataset" TEXT NOT NULL,
    "snapshot_id" TEXT NOT NULL,
    "run_id" UUID NOT NULL,
    "by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "dataset_holds_pkey" PRIMARY KEY ("dataset")
);

-- CreateIndex
CREATE UNIQUE INDEX "commands_idempotency_key_key" ON "commands"("idempotency_key");

-- CreateIndex
CREATE INDEX "commands_target_created_at_idx" ON "commands"("target", "created_at" DESC);

-- CreateIndex
CREATE INDEX "commands_created_at_idx" ON "commands"("created_at");

-- AddForeignKey
ALTER TABLE "dataset_holds" ADD CONSTRAINT "dataset_holds_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;


-- By hand from here: what Prisma's schema language cannot say.

-- The same ask is on record once while it is not settled: two people who press at once ask for one thing.
CREATE UNIQUE INDEX "commands_one_open_ask" ON "commands" ("fingerprint") WHERE "state" IN ('queued', 'taken');
ALTER TABLE "commands" ADD CONSTRAINT "commands_kind_known" CHECK ("kind" IN ('run-dataset', 'cancel-run', 'retry-run', 'rollback-dataset', 'release-dataset', 'pause-pipeline', 'resume-pipeline'));
ALTER TABLE "commands" ADD CONSTRAINT "commands_state_known" CHECK ("state" IN ('queued', 'taken', 'done', 'refused'));
ALTER TABLE "attempts" DROP CONSTRAINT "attempts_state_known";
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_state_known" CHECK ("state" IN ('running', 'succeeded', 'failed', 'cancelled'));
