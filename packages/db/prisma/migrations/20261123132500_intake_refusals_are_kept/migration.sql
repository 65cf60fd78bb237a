-- CreateTable
CREATE TABLE "intake_refusals" (
    "source_id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(6) NOT NULL,
    "requests" BIGINT NOT NULL,
    "records" BIGINT NOT NULL,
    "last_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "intake_refusals_pkey" PRIMARY KEY ("source_id","service","outcome","hour")
);
