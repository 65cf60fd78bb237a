-- What a comparison of runs and the landing times of a dataset are made of; steps from before have neither.
ALTER TABLE "steps" ADD COLUMN "code_version" TEXT;
ALTER TABLE "steps" ADD COLUMN "through_after" TIMESTAMPTZ(6);
