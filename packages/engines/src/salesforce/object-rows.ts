import type { EnvelopeBatch, Op } from "@nova/pipeline-core/lakehouse";

/** Orders changes of a record: when the system last touched it, then its id. */
export function recordPosition(modified: string, id: string): string {
  return `${modified}.${id}`;
}

/** Adds one record, fields as text in the order of `names`; a deleted one as its removal. */
export function addRecord(
  batch: EnvelopeBatch,
  object: string,
  version: number,
  live: Op,
  names: readonly string[],
  values: readonly (string | null)[],
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
    recordPosition(modified, id),
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
