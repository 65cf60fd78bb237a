import { parsePrimitive } from "../schema/primitive.ts";
import type { Comparable } from "./bound.ts";
import { decimalBytes } from "./decimal.ts";

/**
 * Bucket of a single value, for the literals of filters (spec "Bucket Transform Details"); rows get theirs from the
 * engine (`bucketSql`). Null for values of types that have no buckets.
 */
export function bucketOf(width: number, type: string, value: Comparable): bigint | null {
  const bytes = hashedBytes(type, value);
  return bytes === null ? null : BigInt((murmur3(bytes) & 0x7fffffff) % width);
}

/** What of a value is hashed (spec Appendix B, "32-bit Hash Requirements"). */
function hashedBytes(type: string, value: Comparable): Buffer | null {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value !== "bigint") return null;
  if (parsePrimitive(type).kind === "decimal") return decimalBytes(value);
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return bytes;
}

/** Murmur3 x86 32 with seed 0, as a signed integer. */
export function murmur3(bytes: Buffer): number {
  const scramble = (block: number): number => {
    const mixed = Math.imul(block, 0xcc9e2d51);
    return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  };
  let hash = 0;
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) {
    hash ^= scramble(bytes.readInt32LE(at));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at -= 1) tail = (tail << 8) | (bytes[at] as number);
  if (bytes.length > whole) hash ^= scramble(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
