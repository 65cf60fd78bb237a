import { IcebergError } from "./errors.ts";

/** Table properties this package obeys, with their defaults (names as Java's TableProperties). */
export const PROPERTY = {
  targetFileBytes: { name: "write.target-file-size-bytes", fallback: 512 * 1024 * 1024 },
  retries: { name: "commit.retry.num-retries", fallback: 8 },
  retryMinWaitMs: { name: "commit.retry.min-wait-ms", fallback: 20 },
  retryMaxWaitMs: { name: "commit.retry.max-wait-ms", fallback: 2_000 },
  mergeMinCount: { name: "commit.manifest.min-count-to-merge", fallback: 100 },
  manifestTargetBytes: { name: "commit.manifest.target-size-bytes", fallback: 8 * 1024 * 1024 },
  previousVersionsMax: { name: "write.metadata.previous-versions-max", fallback: 100 },
} as const;

/** A whole-number property; `invalid-input` naming it when it is no number. */
export function numberProperty(
  properties: Readonly<Record<string, string>>,
  property: { name: string; fallback: number },
): number {
  const text = properties[property.name];
  if (text === undefined) return property.fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new IcebergError(
      "invalid-input",
      `table property ${property.name} is ${JSON.stringify(text)}; set it to a whole number`,
      { property: property.name },
    );
  return value;
}

/** A yes-or-no property: `fallback` when it is not set, true only for "true". */
export function flagProperty(properties: Readonly<Record<string, string>>, name: string, fallback: boolean): boolean {
  const text = properties[name];
  return text === undefined ? fallback : text.toLowerCase() === "true";
}

/** Parquet codec in DuckDB's words. Iceberg's default is zstd. */
export function parquetCodec(properties: Readonly<Record<string, string>>): string {
  const codec = (properties["write.parquet.compression-codec"] ?? "zstd").toLowerCase();
  const known: Record<string, string> = {
    zstd: "ZSTD",
    snappy: "SNAPPY",
    gzip: "GZIP",
    lz4: "LZ4_RAW",
    brotli: "BROTLI",
    uncompressed: "UNCOMPRESSED",
    none: "UNCOMPRESSED",
  };
  const found = known[codec];
  if (!found)
    throw new IcebergError(
      "invalid-input",
      `table property write.parquet.compression-codec is ${codec}; use zstd, snappy, gzip, lz4, brotli or uncompressed`,
    );
  return found;
}

/**
 * Encodings of data files, in DuckDB's words: `write.parquet.writer-version` is `v2` (the default) or `v1`. With `v2` numbers
 * and times are written as differences to the one before, so that a key that grows takes a tenth of the bytes and is read
 * in a quarter of the time; `v1` is for readers that know plain and dictionary encodings only.
 */
export function parquetVersion(properties: Readonly<Record<string, string>>): "V1" | "V2" {
  const version = (properties["write.parquet.writer-version"] ?? "v2").toLowerCase();
  if (version === "v1") return "V1";
  if (version === "v2") return "V2";
  throw new IcebergError(
    "invalid-input",
    `table property write.parquet.writer-version is ${JSON.stringify(version)}; use v1 or v2`,
  );
}

/** What of a column goes into manifests. */
export type MetricsMode =
  | { readonly kind: "none" | "counts" | "full" }
  | { readonly kind: "truncate"; readonly width: number };

/** Metrics mode of a column: its own property, else the default, else truncate(16). "none" leaves nothing of it behind. */
export function metricsMode(properties: Readonly<Record<string, string>>, column: string): MetricsMode {
  const text = (
    properties[`write.metadata.metrics.column.${column}`] ??
    properties["write.metadata.metrics.default"] ??
    "truncate(16)"
  )
    .trim()
    .toLowerCase();
  if (text === "none" || text === "counts" || text === "full") return { kind: text };
  const match = /^truncate\((\d+)\)$/.exec(text);
  if (match && Number(match[1]) > 0) return { kind: "truncate", width: Number(match[1]) };
  throw new IcebergError(
    "invalid-input",
    `metrics mode ${JSON.stringify(text)} of column ${column} is not known; use none, counts, truncate(n) or full`,
    { column },
  );
}
