-- AlterTable
ALTER TABLE "quarantine_items" ADD COLUMN     "origin" JSONB;

-- AlterTable
ALTER TABLE "stream_requests" ADD COLUMN     "why" TEXT;

-- A record waits in quarantine once, also when its sender sends the batch again before it was answered.
CREATE UNIQUE INDEX "quarantine_items_one_waiting" ON "quarantine_items" ("source_id", ("origin" ->> 'delivery')) WHERE "replayed_at" IS NULL AND "origin" IS NOT NULL;
