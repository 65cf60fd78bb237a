-- AlterTable
ALTER TABLE "stream_requests" ADD COLUMN     "keys" JSONB;

-- CreateTable
CREATE TABLE "reconciliations" (
    "id" UUID NOT NULL,
    "source_id" TEXT NOT NULL,
    "stream" TEXT NOT NULL,
    "repair" BOOLEAN NOT NULL,
    "state" TEXT NOT NULL,
    "requested_by" TEXT,
    "requested_at" TIMESTAMPTZ(6) NOT NULL,
    "ended_at" TIMESTAMPTZ(6),
    "outcome" JSONB,

    CONSTRAINT "reconciliations_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "reconciliations_source_id_stream_requested_at_idx" ON "reconciliations"("source_id", "stream", "requested_at" DESC);

-- AddForeignKey
ALTER TABLE "reconciliations" ADD CONSTRAINT "reconciliations_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "reconciliations" ADD CONSTRAINT "reconciliations_state_known" CHECK ("state" IN ('asked', 'running', 'equal', 'different', 'repaired', 'failed'));
ALTER TABLE "stream_requests" DROP CONSTRAINT "stream_requests_action_known";
ALTER TABLE "stream_requests" ADD CONSTRAINT "stream_requests_action_known" CHECK ("action" IN ('pause', 'resume', 'resync', 'replay', 'repair'));
-- One comparison of a stream at a time.
CREATE UNIQUE INDEX "reconciliations_one_open" ON "reconciliations" ("source_id", "stream") WHERE "state" IN ('asked', 'running');
