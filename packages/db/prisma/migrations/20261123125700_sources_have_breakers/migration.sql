-- CreateTable
CREATE TABLE "source_breakers" (
    "source_id" TEXT NOT NULL,
    "part" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "since" TIMESTAMPTZ(6) NOT NULL,
    "until" TIMESTAMPTZ(6),
    "error_kind" TEXT,
    "error_message" TEXT,

    CONSTRAINT "source_breakers_pkey" PRIMARY KEY ("source_id","part")
);

-- AddForeignKey
ALTER TABLE "source_breakers" ADD CONSTRAINT "source_breakers_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "sources"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- By hand from here: what Prisma's schema language cannot say.

ALTER TABLE "source_breakers" ADD CONSTRAINT "source_breakers_part_known" CHECK ("part" IN ('capture', 'load'));
ALTER TABLE "source_breakers" ADD CONSTRAINT "source_breakers_state_known" CHECK ("state" IN ('open', 'half-open'));
