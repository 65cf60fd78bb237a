import { IcebergError } from "../../errors.ts";

export interface S3Place {
  readonly bucket: string;
  /** Not percent-encoded: a location is an opaque string, the client encodes it for the wire. */
  readonly key: string;
}

/** `s3a://` and `s3n://` are Hadoop's names for the same place; two slashes in a row or a last one say nothing. */
export function normaliseLocation(location: string): string {
  const { bucket, key } = placeOf(location);
  return key === "" ? `s3://${bucket}` : `s3://${bucket}/${key}`;
}

/** Bucket and key; `path-outside-storage` for what is no S3 location or tries to climb. */
export function placeOf(location: string): S3Place {
  const match = /^s3[an]?:\/\/([^/]+)\/*(.*)$/s.exec(location);
  if (!match) throw outside(location, "is no S3 location; use s3://bucket/key");
  const [, bucket = "", rest = ""] = match;
  const parts = rest.split("/").filter((part) => part !== "");
  if (parts.some((part) => part === "." || part === "..")) throw outside(location, 'has "." or ".." in its key');
  if (/[\0\n\r]/.test(rest)) throw outside(location, "has control characters in its key");
  return { bucket, key: parts.join("/") };
}

/** Refuses a location that is not below the storage's root. */
export function placeBelow(root: string, location: string): S3Place {
  const normal = normaliseLocation(location);
  if (normal !== root && !normal.startsWith(`${root}/`)) throw outside(location, `is outside the storage ${root}`);
  return placeOf(normal);
}

function outside(location: string, why: string): IcebergError {
  return new IcebergError("path-outside-storage", `${location} ${why}`, { location });
}
