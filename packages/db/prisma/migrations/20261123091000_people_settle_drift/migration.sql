-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "new_tables" TEXT NOT NULL DEFAULT 'include';

-- AlterTable
ALTER TABLE "streams" ADD COLUMN     "decisions" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "staged" JSONB;

-- AlterTable
ALTER TABLE "drift_items" ADD COLUMN     "change" JSONB,
ADD COLUMN     "decided_by" TEXT,
ADD COLUMN     "position" TEXT,
ADD COLUMN     "state" TEXT NOT NULL DEFAULT 'open',
ADD COLUMN     "waits" BOOLEAN NOT NULL DEFAULT false;

-- One item per change: what an item of several changes held becomes several items. The datasets took them over already.
INSERT INTO "drift_items" ("id", "source_id", "stream", "from_version", "to_version", "changes", "seen_at", "settled_at", "state", "change")
SELECT gen_random_uuid(), d."source_id", d."stream", d."from_version", d."to_version", d."changes", d."seen_at", coalesce(d."settled_at", d."seen_at"), 'evolved',
       jsonb_build_object('kind', c."value"->>'change', 'column', coalesce(c."value"->>'column', ''), 'newName', NULL, 'from', c."value"->'from', 'to', c."value"->'to')
  FROM "drift_items" d CROSS JOIN LATERAL jsonb_array_elements(d."changes") AS c("value");
DELETE FROM "drift_items" WHERE "change" IS NULL;

ALTER TABLE "drift_items" ALTER COLUMN "change" SET NOT NULL;
ALTER TABLE "drift_items" ALTER COLUMN "state" DROP DEFAULT;
ALTER TABLE "drift_items" ALTER COLUMN "waits" DROP DEFAULT;
ALTER TABLE "drift_items" DROP COLUMN "changes";

ALTER TABLE "sources" ADD CONSTRAINT "sources_new_tables_known" CHECK ("new_tables" IN ('include', 'ask', 'ignore'));
ALTER TABLE "drift_items" ADD CONSTRAINT "drift_items_state_known" CHECK ("state" IN ('evolved', 'open', 'superseded', 'accepted', 'ignored', 'mapped'));
ALTER TABLE "drift_items" ADD CONSTRAINT "drift_items_settled_when_not_open" CHECK (("state" = 'open') = ("settled_at" IS NULL));
-- Loading asks every second which streams wait.
CREATE INDEX "drift_items_open" ON "drift_items" ("source_id", "stream") WHERE "state" = 'open';
