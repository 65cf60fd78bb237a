import { createHash } from "node:crypto";

/** Someone who sends logs: a service or its shipper, by the name that quotas and figures carry. */
export interface LogService {
  readonly name: string;
  /** SHA-256 of its tokens in hex; several while one is being rotated. The tokens themselves are nowhere here. */
  readonly tokenHashes: readonly string[];
  /** What it may send on average; null: no limit of its own. A burst of two seconds' worth is let through. */
  readonly bytesPerSecond: number | null;
  readonly eventsPerSecond: number | null;
}

export function hashLogToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Finds the service of a token; a look-up by hash tells nothing about tokens that are nearly right. */
export function logServices(services: readonly LogService[]): (token: string) => LogService | null {
  const byHash = new Map(services.flatMap((service) => service.tokenHashes.map((hash) => [hash, service] as const)));
  return (token) => (token === "" ? null : (byHash.get(hashLogToken(token)) ?? null));
}
