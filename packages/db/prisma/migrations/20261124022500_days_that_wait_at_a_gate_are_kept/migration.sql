-- CreateTable
CREATE TABLE "dataset_held_days" (
    "dataset" TEXT NOT NULL,
    "held" JSONB NOT NULL,

    CONSTRAINT "dataset_held_days_pkey" PRIMARY KEY ("dataset")
);

-- AddForeignKey
ALTER TABLE "dataset_held_days" ADD CONSTRAINT "dataset_held_days_dataset_fkey" FOREIGN KEY ("dataset") REFERENCES "datasets"("name") ON DELETE CASCADE ON UPDATE CASCADE;
