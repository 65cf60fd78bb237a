import type { ClientBase } from "pg";
import type { Random } from "../random.ts";

/** What the shop's services know while they work. */
export interface Shop {
  readonly client: ClientBase;
  readonly random: Random;
  /** Highest ids at the last look; ids below may be gone, statements must bear that. */
  customers: number;
  readonly products: number;
  readonly sideTables: readonly SideTable[];
  /** Which side table changes next. */
  nextSideTable: number;
}

export interface SideTable {
  readonly name: string;
  /** `SET` list of an ordinary edit of a row. */
  readonly edit: string;
}

/** One kind of business event, done about `n` times in one transaction. Returns how many rows it changed. */
export type Action = (shop: Shop, n: number) => Promise<number>;

/** Runs a statement and tells how many rows it changed (cascades not counted). */
export async function change(shop: Shop, sql: string, values: readonly unknown[] = []): Promise<number> {
  const { rowCount } = await shop.client.query(sql, [...values]);
  return rowCount ?? 0;
}
