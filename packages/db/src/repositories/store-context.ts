import type { Clock, IdSource } from "@nova/pipeline-core/kernel";
import type pg from "pg";
import type { Db } from "../client.ts";
import type { Sql } from "./announce.ts";

/** What every store is made of; time and ids come from outside. */
export interface StoreContext {
  readonly clock: Clock;
  readonly ids: IdSource;
}

export type StoreDb = Pick<Db, "pool">;

/** Runs `work` in one transaction: committed when it returns, undone when it throws. */
export async function inTransaction<T>(pool: pg.Pool, work: (tx: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    // A connection that cannot even roll back is broken: it is dropped, and the server undoes its work.
    await client.query("ROLLBACK").then(
      () => client.release(),
      (rollbackError: Error) => client.release(rollbackError),
    );
    throw error;
  }
}

/**
 * For the select list of a statement that is a transaction by itself: it does not wait until the disk has it. The log is
 * written in order, so whatever is committed in the usual way later, such as the publishing of a step, has it on disk with
 * itself. A server that crashes before that is as one that crashed a moment earlier; nobody sees an order that was not.
 */
export const FLUSHED_WITH_THE_NEXT = "set_config('synchronous_commit', 'off', true)";

/** Rows as one parameter for `jsonb_to_recordset($1::jsonb)`: any number of rows in one statement, bigints as text. */
export function rowsJson(rows: readonly object[]): string {
  return JSON.stringify(rows, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}
