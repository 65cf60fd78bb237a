import { randomUUID } from "node:crypto";
import { mkdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import type { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { IcebergError } from "../../errors.ts";
import { NO_LEASE, type Storage, type StoredFile } from "../storage.ts";
import { deleteTogether } from "./delete-objects.ts";
import { normaliseLocation, placeBelow } from "./location.ts";
import { putObject, type PutOptions } from "./put-object.ts";
import { s3Failure } from "./s3-errors.ts";
import type { S3StorageOptions } from "./s3-options.ts";
import { openScratchFolder } from "./scratch-folder.ts";
import { atMost, openScratch } from "./scratch.ts";

export type { S3StorageOptions } from "./s3-options.ts";
export { s3OptionsFrom } from "./s3-config.ts";

const MIB = 1024 * 1024;
const HOUR = 3_600_000;

export interface S3Storage extends Storage {
  /** Bytes of copies on this machine. */
  scratchBytes(): number;
  /** Ends connections and removes the scratch folder; no query may run any more. */
  close(): Promise<void>;
}

/** Storage in S3 or a service that speaks its protocol, conditional writes included (AWS, MinIO, R2, …). */
export function s3Storage(options: S3StorageOptions): S3Storage {
  const root = normaliseLocation(options.root);
  const client = new S3Client({
    region: options.region,
    maxAttempts: options.maxAttempts ?? 5,
    forcePathStyle: options.pathStyle ?? options.endpoint !== undefined,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
  const place = (location: string): ReturnType<typeof placeBelow> => placeBelow(root, location);
  const normal = (location: string): string =>
    `s3://${place(location).bucket}/${place(location).key}`.replace(/\/$/, "");
  const direct = options.engine === "direct";
  const folder = direct ? "" : openScratchFolder(options.scratchFolder ?? join(tmpdir(), "iceberg-scratch"));
  const localPath = (location: string): string => join(folder, normal(location).slice("s3://".length));
  const put: PutOptions = {
    multipartAbove: options.multipartAbove ?? 16 * MIB,
    partBytes: options.partBytes ?? 16 * MIB,
  };
  const upload = atMost(options.parallel ?? 8);
  const remove = deleteTogether(client);
  /** Markers of uploads that failed, so that a repeated `sync` knows its own object. */
  const markers = new Map<string, string>();

  const get = async (location: string): Promise<{ sizeBytes: number; body: Readable }> => {
    const { bucket, key } = place(location);
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return { sizeBytes: answer.ContentLength ?? 0, body: answer.Body as Readable };
    } catch (error) {
      throw s3Failure("read", location, error);
    }
  };
  const requireObject = async (location: string): Promise<void> => {
    const { bucket, key } = place(location);
    try {
      await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    } catch (error) {
      throw s3Failure("find", location, error);
    }
  };
  const scratch = openScratch({
    pathOf: localPath,
    fetch: get,
    maxBytes: options.scratchBytes ?? 10 * 1024 * MIB,
    leaseMs: options.leaseMs ?? HOUR,
    parallel: options.parallel ?? 8,
    now: options.clock ?? Date.now,
  });

  const uploadFile = async (location: string): Promise<void> => {
    const target = normal(location);
    const path = localPath(target);
    const size = (await stat(path).catch(() => null))?.size ?? null;
    // Uploaded before and its copy evicted since, or never written: the bucket knows.
    if (size === null) return requireObject(target);
    const marker = markers.get(target) ?? randomUUID();
    markers.set(target, marker);
    await putObject(client, place(target), target, { path, size }, { ...put, marker });
    markers.delete(target);
    await scratch.adopt(target, size);
  };

  return {
    normalise: normal,
    read: async (location) => {
      const { body } = await get(location);
      try {
        return Buffer.concat(await body.toArray());
      } catch (error) {
        throw s3Failure("read", location, error);
      }
    },
    create: async (location, bytes) => putObject(client, place(location), location, { bytes }, put),
    prepareFolder: async (location) => {
      place(location);
      if (!direct) await mkdir(localPath(location), { recursive: true });
    },
    sync: async (location) => {
      if (direct) return requireObject(location);
      if (scratch.has(normal(location))) return;
      await upload(() => uploadFile(location));
    },
    delete: async (location) => {
      const target = normal(location);
      await remove(place(target), target);
      markers.delete(target);
      if (!direct) await scratch.forget(target);
    },
    list: (prefix) => walk(client, place(prefix), prefix),
    ensureLocal: async (locations) => (direct ? NO_LEASE : scratch.lease(locations.map(normal))),
    enginePath: (location) => (direct ? normal(location) : localPath(location)),
    locationOf: (enginePath) => {
      if (direct) return normal(enginePath);
      if (!enginePath.startsWith(folder + sep))
        throw new IcebergError("path-outside-storage", `${enginePath} is outside the scratch folder`, { enginePath });
      return normal(
        `s3://${enginePath
          .slice(folder.length + 1)
          .split(sep)
          .join("/")}`,
      );
    },
    scratchBytes: scratch.bytes,
    close: async () => {
      client.destroy();
      if (!direct) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Objects below a prefix. Without a bucket there is nothing below it either way, but that one is an error. */
async function* walk(
  client: S3Client,
  { bucket, key }: ReturnType<typeof placeBelow>,
  prefix: string,
): AsyncIterable<StoredFile> {
  let token: string | undefined;
  do {
    let page;
    try {
      page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: key === "" ? "" : `${key}/`,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
    } catch (error) {
      throw s3Failure("list", prefix, error);
    }
    for (const object of page.Contents ?? []) {
      if (object.Key === undefined || object.Key.endsWith("/")) continue; // a "folder" that a console made
      yield {
        location: `s3://${bucket}/${object.Key}`,
        sizeBytes: object.Size ?? 0,
        modifiedAt: object.LastModified?.getTime() ?? 0,
      };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}
