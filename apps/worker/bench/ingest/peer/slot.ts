import type pg from "pg";

export const PUBLICATION = "nova_bench_peers";

/** A slot for a product, and a publication of the bench's table. */
export async function makeSlot(source: pg.Client, slot: string): Promise<void> {
  await source.query(`DROP PUBLICATION IF EXISTS ${PUBLICATION}`);
  await source.query(`CREATE PUBLICATION ${PUBLICATION} FOR TABLE bench_orders`);
  await source.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
}

export async function dropSlot(source: pg.Client, slot: string): Promise<void> {
  await source.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", [
    slot,
  ]);
}

/** Whether somebody reads it. */
export async function isRead(source: pg.Client, slot: string): Promise<boolean> {
  const { rows } = await source.query("SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND active", [slot]);
  return rows.length > 0;
}

/** Whether its reader has confirmed everything before the position. */
export async function hasConfirmed(source: pg.Client, slot: string, lsn: string): Promise<boolean> {
  const { rows } = await source.query(
    "SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn >= $2::pg_lsn",
    [slot, lsn],
  );
  return rows.length > 0;
}

/** Where the server's log ends now. */
export async function currentLsn(source: pg.Client): Promise<string> {
  const { rows } = await source.query<{ lsn: string }>("SELECT pg_current_wal_lsn()::text AS lsn");
  return rows[0]?.lsn ?? "";
}
