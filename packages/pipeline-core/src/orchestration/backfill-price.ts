/**
 * What reading costs where the platform runs on AWS, declared: Athena in eu-west-1 asks 5 US dollars per terabyte that a query
 * scans, and for 10 MB at least. The local engine asks nothing.
 */
export const SCAN_PRICE = { microDollarsPerTerabyte: 5_000_000, leastBytes: 10_000_000 } as const;

const TERABYTE = 1e12;

/** Millionths of a dollar for `queries` queries that scan `bytes` together. */
export function scanPrice(bytes: number, queries: number): number {
  const billed = Math.max(bytes, queries * SCAN_PRICE.leastBytes);
  return Math.ceil((billed * SCAN_PRICE.microDollarsPerTerabyte) / TERABYTE);
}

/** Millionths of a dollar as a decimal text of dollars with four places. */
export function dollarsText(microDollars: number): string {
  const tenThousandths = Math.ceil(microDollars / 100);
  return `${Math.floor(tenThousandths / 10_000)}.${String(tenThousandths % 10_000).padStart(4, "0")}`;
}
