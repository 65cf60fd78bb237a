-- AlterTable
ALTER TABLE "datasets" ADD COLUMN     "backfill_options" JSONB;

-- AlterTable
ALTER TABLE "steps" ADD COLUMN     "parameters" JSONB;

-- CreateTable
CREATE TABLE "partition_parameters" (
    "seq" BIGSERIAL NOT NULL,
    "dataset" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "parameters" JSONB,
    "run_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "partition_parameters_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE INDEX "partition_parameters_dataset_day_seq_idx" ON "partition_parameters"("dataset", "day", "seq" DESC);

-- AddForeignKey
ALTER TABLE "partition_parameters" ADD CONSTRAINT "partition_parameters_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;
