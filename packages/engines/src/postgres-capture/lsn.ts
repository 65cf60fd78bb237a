import { PlatformError } from "@nova/pipeline-core/kernel";

/** A place in PostgreSQL's write-ahead log. */
export type Lsn = bigint;

/** Reads PostgreSQL's own notation, e.g. `16/B374D848`. */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (match === null) throw new PlatformError("payload-rejected", `not a log position: ${text}`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

const ORDINAL_ZERO = 10_000_000_000;

export function lsnText(lsn: Lsn): string {
  return lsn.toString(16).padStart(16, "0");
}

export function ordinalText(ordinal: number): string {
  return String(ORDINAL_ZERO + ordinal).slice(1);
}

/**
 * `<commit lsn, 16 hex digits>.<ordinal in the transaction, 10 digits>`: sorts as text in commit order. Streamed rows count
 * from 1; ordinal 0 stands for "everything committed before this lsn", and for rows a snapshot read.
 */
export function positionText(lsn: Lsn, ordinal: number): string {
  return `${lsnText(lsn)}.${ordinalText(ordinal)}`;
}

const LAST_ORDINAL = 9_999_999_999;

/** The position behind everything that was committed before `lsn`, and before every position at it. */
export function endBefore(lsn: Lsn): string {
  return positionText(lsn - 1n, LAST_ORDINAL);
}

export function parsePosition(position: string): { lsn: Lsn; ordinal: number } {
  const match = /^([0-9a-f]{16})\.([0-9]{10})$/.exec(position);
  if (match === null) throw new PlatformError("internal", `not a PostgreSQL capture position: ${position}`);
  return { lsn: BigInt(`0x${match[1]}`), ordinal: Number(match[2]) };
}
