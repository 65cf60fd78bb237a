/** Where a page begins: right after `cursor` (microseconds since 1970, `_`, run id) going to older runs, or right before it going to newer ones. */
export interface RunsPosition {
  readonly direction: "older" | "newer";
  readonly cursor: string;
}

export interface RunsPage<Row> {
  /** Newest first. */
  readonly rows: readonly Row[];
  /** Cursor of the next older page; null at the end. */
  readonly older: string | null;
  /** Cursor of the next newer page; null on the first. */
  readonly newer: string | null;
}

export type Placed<Row> = Row & { readonly cursor: string };

/** SQL for the place of a row in the list, and for what lies behind a place. */
export const PLACE = "(extract(epoch FROM created_at) * 1000000)::bigint || '_' || id";
export function behind({ direction, cursor }: RunsPosition, values: unknown[]): string {
  const [micros, id] = cursor.split("_");
  const place = `('epoch'::timestamptz + $${values.push(micros)}::bigint * interval '1 microsecond', $${values.push(id)}::uuid)`;
  return `(created_at, id) ${direction === "newer" ? ">" : "<"} ${place}`;
}

/** A page of the rows nearest to a place, of which one more than `limit` was read. */
export function pageOf<Row extends object>(
  rows: readonly Placed<Row>[],
  at: RunsPosition | null,
  limit: number,
): RunsPage<Omit<Placed<Row>, "cursor">> {
  const newer = at?.direction === "newer";
  const more = rows.length > limit;
  const shown = newer ? rows.slice(0, limit).reverse() : rows.slice(0, limit);
  return {
    rows: shown.map(({ cursor: _, ...row }) => row),
    older: newer || more ? (shown.at(-1)?.cursor ?? null) : null,
    newer: at === null || (newer && !more) ? null : (shown[0]?.cursor ?? null),
  };
}

export function clause(where: readonly string[]): string {
  return where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
}

/** Places are microseconds, `_`, id; the id of the same length, lower case. */
export function comparePlaces(a: string, b: string): number {
  const [microsA = "0", idA = ""] = a.split("_");
  const [microsB = "0", idB = ""] = b.split("_");
  if (microsA !== microsB) return BigInt(microsA) < BigInt(microsB) ? -1 : 1;
  return idA < idB ? -1 : idA > idB ? 1 : 0;
}
