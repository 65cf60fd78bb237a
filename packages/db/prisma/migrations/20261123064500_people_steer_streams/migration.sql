-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "retained_bytes" BIGINT,
ADD COLUMN     "slot_state" TEXT,
ADD COLUMN     "diagnosis" JSONB,
ADD COLUMN     "diagnosed_at" TIMESTAMPTZ(6);

-- CreateTable
CREATE TABLE "stream_requests" (
    "id" UUID NOT NULL,
    "source_id" TEXT NOT NULL,
    "stream" TEXT,
    "action" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(6) NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "message" TEXT NOT NULL DEFAULT '',
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "stream_requests_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "stream_requests_source_id_requested_at_idx" ON "stream_requests"("source_id", "requested_at" DESC);

-- AddForeignKey
ALTER TABLE "stream_requests" ADD CONSTRAINT "stream_requests_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A stream can be paused.
ALTER TABLE "streams" DROP CONSTRAINT "streams_state_known";
ALTER TABLE "streams" ADD CONSTRAINT "streams_state_known" CHECK ("state" IN ('waiting', 'snapshotting', 'streaming', 'paused', 'failed'));
ALTER TABLE "stream_requests" ADD CONSTRAINT "stream_requests_action_known" CHECK ("action" IN ('pause', 'resume', 'resync', 'replay'));
ALTER TABLE "stream_requests" ADD CONSTRAINT "stream_requests_state_known" CHECK ("state" IN ('open', 'done', 'failed'));
-- One open request for a stream at a time; stream null is the whole source.
CREATE UNIQUE INDEX "stream_requests_one_open" ON "stream_requests" ("source_id", coalesce("stream", '')) WHERE "state" = 'open';
