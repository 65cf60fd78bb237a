import { randomUUID } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from "@aws-sdk/client-s3";
import { IcebergError } from "../../errors.ts";
import type { S3Place } from "./location.ts";
import { isConditionalConflict, isTaken, s3Failure } from "./s3-errors.ts";

/** User metadata that tells whose write an object is. */
const MARKER = "iceberg-write";
const CONFLICT_ATTEMPTS = 5;

/** What is written: bytes in memory, or a file on this machine. */
export type Content = { readonly bytes: Uint8Array } | { readonly path: string; readonly size: number };

export interface PutOptions {
  readonly multipartAbove: number;
  readonly partBytes: number;
  /** Names this write; the same again (a repeated `sync`) is a success. Default one of its own. */
  readonly marker?: string;
}

/**
 * Creates an object that did not exist (`If-None-Match: *`); `file-exists` when somebody else's has the key. A write whose
 * answer was lost is sent again by the SDK and then finds the key taken by itself: the marker tells that apart.
 */
export async function putObject(
  client: S3Client,
  place: S3Place,
  location: string,
  content: Content,
  options: PutOptions,
): Promise<void> {
  const marker = options.marker ?? randomUUID();
  const size = "bytes" in content ? content.bytes.byteLength : content.size;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (size > options.multipartAbove) await multipart(client, place, content, size, options.partBytes, marker);
      else await single(client, place, content, marker);
      return;
    } catch (error) {
      const found = await lookUp(client, place);
      if (found?.marker === marker && found.size === size) return;
      if (found && isTaken(error))
        throw new IcebergError("file-exists", `${location} exists already`, { location }, error);
      if (attempt < CONFLICT_ATTEMPTS && (isConditionalConflict(error) || isTaken(error))) continue;
      throw s3Failure("create", location, error);
    }
  }
}

/** Marker and size of the object that has the key, or null when there is none or it cannot be asked for. */
async function lookUp(client: S3Client, { bucket, key }: S3Place): Promise<{ marker?: string; size?: number } | null> {
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    const marker = head.Metadata?.[MARKER];
    return {
      ...(marker === undefined ? {} : { marker }),
      ...(head.ContentLength === undefined ? {} : { size: head.ContentLength }),
    };
  } catch {
    return null; // the failure that led here is the one to report
  }
}

async function single(client: S3Client, { bucket, key }: S3Place, content: Content, marker: string): Promise<void> {
  const body = "bytes" in content ? content.bytes : await wholeFile(content.path, content.size);
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentLength: body.byteLength,
      IfNoneMatch: "*",
      Metadata: { [MARKER]: marker },
      ChecksumAlgorithm: "CRC32",
    }),
  );
}

async function multipart(
  client: S3Client,
  { bucket, key }: S3Place,
  content: Content,
  size: number,
  partBytes: number,
  marker: string,
): Promise<void> {
  const target = { Bucket: bucket, Key: key };
  const created = await client.send(
    new CreateMultipartUploadCommand({ ...target, Metadata: { [MARKER]: marker }, ChecksumAlgorithm: "CRC32" }),
  );
  const upload = { ...target, UploadId: created.UploadId };
  const file = "bytes" in content ? null : await open(content.path, "r");
  try {
    // S3 allows 10,000 parts; larger files get larger ones. One part at a time keeps memory flat.
    const step = Math.max(partBytes, Math.ceil(size / 10_000));
    const parts: CompletedPart[] = [];
    for (let from = 0, number = 1; from < size; from += step, number += 1) {
      const body = await slice(content, file, from, Math.min(step, size - from));
      const sent = await client.send(
        new UploadPartCommand({ ...upload, PartNumber: number, Body: body, ChecksumAlgorithm: "CRC32" }),
      );
      parts.push({ PartNumber: number, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
    }
    await client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts }, IfNoneMatch: "*" }),
    );
  } catch (error) {
    // Parts of an upload that is neither completed nor aborted cost money for ever. When the abort fails as well, the
    // bucket's lifecycle rule for incomplete uploads is what is left; the first failure is the one to report.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  } finally {
    await file?.close();
  }
}

async function slice(content: Content, file: FileHandle | null, from: number, length: number): Promise<Uint8Array> {
  if ("bytes" in content) return content.bytes.subarray(from, from + length);
  return readExactly(file as FileHandle, content.path, from, length);
}

async function wholeFile(path: string, size: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    return await readExactly(file, path, 0, size);
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, path: string, from: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, from + done);
    if (bytesRead === 0)
      throw new IcebergError("storage-failed", `${path} became shorter while it was uploaded`, { path });
    done += bytesRead;
  }
  return buffer;
}
