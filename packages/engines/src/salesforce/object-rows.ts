import { MINUTE } from "@nova/pipeline-core/kernel";
import type { EnvelopeBatch, Op } from "@nova/pipeline-core/lakehouse";

/** Orders changes of a record: when the system last touched it, then its id. */
export function recordPosition(modified: string, id: string): string {
  return `${modified}.${id}`;
}

/** Changes of this long before the last one read are looked at again: transactions commit out of order. */
export const OVERLAP = 2 * MINUTE;

/** Where the rows of a second read begin: what was stored before and is not told again stands before it. */
export function againBase(readAt: Date): string {
  return new Date(readAt.getTime() - OVERLAP).toISOString();
}

/**
 * Place of a record that is read again. It wins over the state that is stored, which may be wrong under this very stamp, and
 * over earlier reads; it loses to every change that the read could not see yet.
 */
export function againPosition(modified: string, id: string, readAt: Date): string {
  const base = againBase(readAt);
  return `${recordPosition(modified > base ? modified : base, id)}~${readAt.toISOString()}`;
}

/** Adds one record, fields as text in the order of `names`; a deleted one as its removal. */
export function addRecord(
  batch: EnvelopeBatch,
  object: string,
  version: number,
  live: Op,
  names: readonly string[],
  values: readonly (string | null)[],
  position: (modified: string, id: string) => string = recordPosition,
): void {
  let id = "";
  let modified = "";
  let deleted = false;
  const payload: Record<string, string | null> = {};
  names.forEach((name, index) => {
    const value = values[index] ?? null;
    payload[name] = value;
    if (name === "Id") id = value ?? "";
    else if (name === "SystemModstamp") modified = value ?? "";
    else if (name === "IsDeleted") deleted = value === "true";
  });
  const key = JSON.stringify({ Id: id });
  batch.add(
    object,
    deleted ? "d" : live,
    key,
    deleted ? null : JSON.stringify(payload),
    null,
    micros(modified),
    position(modified, id),
    version,
  );
}

export function addDeletion(
  batch: EnvelopeBatch,
  object: string,
  version: number,
  id: string,
  deletedAt: string,
): void {
  batch.add(
    object,
    "d",
    JSON.stringify({ Id: id }),
    null,
    null,
    micros(deletedAt),
    recordPosition(deletedAt, id),
    version,
  );
}

function micros(iso: string): bigint | null {
  const millis = Date.parse(iso);
  return Number.isNaN(millis) ? null : BigInt(millis) * 1000n;
}
