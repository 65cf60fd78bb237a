import { DeleteObjectsCommand, type S3Client } from "@aws-sdk/client-s3";
import { IcebergError } from "../../errors.ts";
import type { S3Place } from "./location.ts";
import { s3Failure } from "./s3-errors.ts";

/** Keys that one request may carry (S3 DeleteObjects). */
const BATCH = 1000;

interface Waiting {
  readonly key: string;
  readonly location: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Deletes asked for in the same turn go out together, up to 1,000 per request; each caller hears of its own object. */
export function deleteTogether(client: S3Client): (place: S3Place, location: string) => Promise<void> {
  const queues = new Map<string, Waiting[]>();

  const flush = async (bucket: string, batch: readonly Waiting[]): Promise<void> => {
    try {
      const result = await client.send(
        new DeleteObjectsCommand({
          Bucket: bucket,
          Delete: { Objects: batch.map((each) => ({ Key: each.key })), Quiet: true },
        }),
      );
      const errors = new Map(result.Errors?.map((error) => [error.Key, error]));
      for (const each of batch) {
        const error = errors.get(each.key);
        if (!error || error.Code === "NoSuchKey") each.done();
        else each.failed(refusal(each.location, error.Code ?? "", error.Message ?? ""));
      }
    } catch (error) {
      for (const each of batch) each.failed(s3Failure("delete", each.location, error));
    }
  };

  return ({ bucket, key }, location) =>
    new Promise((done, failed) => {
      const queue = queues.get(bucket);
      if (queue) queue.push({ key, location, done, failed });
      else {
        const fresh: Waiting[] = [{ key, location, done, failed }];
        queues.set(bucket, fresh);
        setImmediate(() => {
          queues.delete(bucket);
          for (let from = 0; from < fresh.length; from += BATCH) void flush(bucket, fresh.slice(from, from + BATCH));
        });
      }
    });
}

function refusal(location: string, code: string, message: string): IcebergError {
  const denied = code === "AccessDenied";
  return new IcebergError(
    denied ? "access-denied" : code === "SlowDown" ? "throttled" : "storage-failed",
    `cannot delete ${location}: ${code}: ${message}${denied ? "; grant this role s3:DeleteObject" : ""}`,
    { location, code },
  );
}
