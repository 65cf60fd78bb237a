import type { ScanCharges, Scanned, ScanKind } from "../lakehouse/index.ts";

/** Keeps what was charged, oldest first. */
export function memoryScanCharges(): ScanCharges & {
  readonly charged: readonly (readonly [kind: ScanKind, dataset: string, scanned: Scanned])[];
} {
  const charged: [ScanKind, string, Scanned][] = [];
  return { charged, charge: async (...one) => void charged.push(one) };
}
