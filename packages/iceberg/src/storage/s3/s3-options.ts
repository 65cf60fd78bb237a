import type { S3ClientConfig } from "@aws-sdk/client-s3";

export interface S3StorageOptions {
  /** Only locations below it are touched, e.g. `s3://bucket/warehouse`. `s3a://` and `s3n://` mean the same. */
  readonly root: string;
  readonly region: string;
  /** For other services than AWS, with its scheme. */
  readonly endpoint?: string;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: true when an endpoint is given. */
  readonly pathStyle?: boolean;
  /** Fixed credentials or a provider; default the SDK's chain (environment, profile, container or instance role). */
  readonly credentials?: NonNullable<S3ClientConfig["credentials"]>;
  /** Attempts of one request, with the SDK's backoff. Default 5. */
  readonly maxAttempts?: number;
  /** Larger files go up in parts. Bytes, default 16 MiB. */
  readonly multipartAbove?: number;
  /** Bytes of a part, at least 5 MiB on AWS; default 16 MiB. One part per upload is in memory. */
  readonly partBytes?: number;
  /**
   * `scratch` (default): the engine reads and writes copies in a local folder. `direct`: it gets `s3://` locations, which
   * needs DuckDB's httpfs extension loaded and a secret for it.
   */
  readonly engine?: "scratch" | "direct";
  /** Parent of this process's scratch folder; default the system's folder for temporary files. */
  readonly scratchFolder?: string;
  /** Copies kept at most, bytes; the files of one query must fit. Default 10 GiB. */
  readonly scratchBytes?: number;
  /** A scan whose `release` nobody called keeps its files this long. Milliseconds, default one hour. */
  readonly leaseMs?: number;
  /** Uploads, and downloads, at once. Default 8. */
  readonly parallel?: number;
  /** Epoch milliseconds; default the system clock. */
  readonly clock?: () => number;
}
