import type pg from "pg";
import type { SourceTable } from "./catalog.ts";
import { parseCursor, type SnapshotCursor } from "./snapshot-cursor.ts";
import type { KeyValues } from "./table-sql.ts";

/** A range of a table's keys that one connection reads: behind `after`, up to and including `through`. */
export interface SnapshotPart {
  readonly after: KeyValues | null;
  readonly through: KeyValues | null;
  readonly done: boolean;
}

const WHOLE: SnapshotPart = { after: null, through: null, done: false };
const MOST_PARTS = 64;

/** Where the reading of a table stands: as its cursor says, or cut anew when nothing was read yet. */
export async function partsOf(
  client: Pick<pg.Client, "query">,
  table: SourceTable,
  cursorText: string | null,
  partRows: number,
): Promise<SnapshotPart[]> {
  const cursor: SnapshotCursor | null = cursorText === null ? null : parseCursor(cursorText);
  if (cursor?.parts !== undefined) return cursor.parts;
  if (cursor !== null && cursor.after !== null) return [{ ...WHOLE, after: cursor.after }];
  const [key] = table.key;
  const wanted = Math.min(MOST_PARTS, Math.ceil((table.estimatedRows ?? 0) / partRows));
  if (key === undefined || table.key.length > 1 || wanted < 2) return [WHOLE];
  const bounds = spread(await histogram(client, table, key), wanted - 1);
  const edges = [null, ...bounds.map((bound) => ({ [key]: bound })), null];
  return edges.slice(1).map((through, index) => ({ ...WHOLE, after: edges[index] ?? null, through }));
}

/** Values of the key that cut the table into about equal parts, as the server's last ANALYZE saw it; none before. */
async function histogram(client: Pick<pg.Client, "query">, table: SourceTable, key: string): Promise<string[]> {
  const { rows } = await client.query<{ bounds: string[] | null }>(
    `SELECT histogram_bounds::text::text[] AS bounds FROM pg_stats
      WHERE schemaname = $1 AND tablename = $2 AND attname = $3 AND inherited = $4`,
    [table.schema, table.table, key, table.partitioned],
  );
  return rows[0]?.bounds ?? [];
}

/** `count` of the inner values, evenly spread. */
function spread(values: readonly string[], count: number): string[] {
  const inner = values.slice(1, -1);
  if (inner.length <= count) return [...new Set(inner)];
  const chosen = Array.from(
    { length: count },
    (_, index) => inner[Math.floor(((index + 1) * inner.length) / (count + 1))],
  );
  return [...new Set(chosen)].filter((value) => value !== undefined);
}
