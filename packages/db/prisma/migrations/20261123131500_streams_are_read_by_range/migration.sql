-- AlterTable
ALTER TABLE "stream_requests" ADD COLUMN     "range" JSONB;
