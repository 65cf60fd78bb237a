/**
 * What reading costs where the platform runs on AWS, declared: Athena in eu-west-1 asks 5 US dollars per terabyte that a query
 * scans, and for 10 MB at least. The local engine asks nothing.
 */
export const SCAN_PRICE = { microDollarsPerTerabyte: 5_000_000, leastBytes: 10_000_000 } as const;

/**
 * What the lake's scans may cost in a calendar month (UTC), in US dollars: their part of the whole platform's 18,000. When
 * the pace of the month would exceed it, *Cost* and `nova cost` say so; nothing is stopped.
 */
export const SCAN_BUDGET = { dollarsPerMonth: 2_500, wholePlatformDollarsPerMonth: 18_000 } as const;

const TERABYTE = 1e12;

/** What queries scanned, added up. */
export interface Scanned {
  /** Compressed bytes of the columns and files that were read. */
  readonly bytes: number;
  /** The same as it is billed: every query with `SCAN_PRICE.leastBytes` at least. */
  readonly billedBytes: number;
  /** Queries that read anything at all of the lake. */
  readonly queries: number;
}

export const NOTHING_SCANNED: Scanned = { bytes: 0, billedBytes: 0, queries: 0 };

/** One query that read `bytes`; count(*) may read none and is billed all the same. */
export function oneQuery(bytes: number): Scanned {
  return { bytes, billedBytes: Math.max(bytes, SCAN_PRICE.leastBytes), queries: 1 };
}

export function addScanned(one: Scanned, other: Scanned): Scanned {
  return {
    bytes: one.bytes + other.bytes,
    billedBytes: one.billedBytes + other.billedBytes,
    queries: one.queries + other.queries,
  };
}

/** One query that read these bytes of several datasets, parted among them; it counts with the first. */
export function splitQuery(bytes: ReadonlyMap<string, number>): Map<string, Scanned> {
  const total = [...bytes.values()].reduce((sum, more) => sum + more, 0);
  const { billedBytes } = oneQuery(total);
  let left = billedBytes;
  let last = bytes.size;
  return new Map(
    [...bytes].map(([dataset, read], index) => {
      last -= 1;
      const share = total === 0 ? billedBytes / bytes.size : (billedBytes * read) / total;
      const billed = last === 0 ? left : Math.round(share);
      left -= billed;
      return [dataset, { bytes: read, billedBytes: billed, queries: index === 0 ? 1 : 0 }];
    }),
  );
}

/** Millionths of a dollar for bytes as they are billed. */
export function billedPrice(billedBytes: number): number {
  return Math.ceil((billedBytes * SCAN_PRICE.microDollarsPerTerabyte) / TERABYTE);
}

/** Millionths of a dollar for `queries` queries that scan `bytes` together. */
export function scanPrice(bytes: number, queries: number): number {
  return billedPrice(Math.max(bytes, queries * SCAN_PRICE.leastBytes));
}

/** Millionths of a dollar as a decimal text of dollars with four places. */
export function dollarsText(microDollars: number): string {
  const tenThousandths = Math.ceil(microDollars / 100);
  return `${Math.floor(tenThousandths / 10_000)}.${String(tenThousandths % 10_000).padStart(4, "0")}`;
}
