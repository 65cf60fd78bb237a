import { PlatformError } from "@nova/pipeline-core/kernel";
import type pg from "pg";
import { type Lsn, parseLsn } from "./lsn.ts";
import { quoteIdentifier } from "./session.ts";

export interface SlotState {
  readonly active: boolean;
  readonly confirmedLsn: Lsn | null;
  /** `reserved`, `extended`, `unreserved` or `lost`; null before PostgreSQL 13. */
  readonly walStatus: string | null;
  readonly invalidationReason: string | null;
}

/** The slot as the server sees it; null when there is none of that name. */
export async function readSlot(client: pg.Client, slot: string): Promise<SlotState | null> {
  const { rows } = await client.query<{ plugin: string; state: Record<string, unknown> }>(
    "SELECT plugin, to_jsonb(s) AS state FROM pg_replication_slots s WHERE slot_name = $1",
    [slot],
  );
  const [row] = rows;
  if (row === undefined) return null;
  if (row.plugin !== "pgoutput") {
    throw new PlatformError(
      "source-misconfigured",
      `replication slot ${slot} uses the plugin ${row.plugin}; drop it or name another slot`,
    );
  }
  const confirmed = row.state["confirmed_flush_lsn"];
  return {
    active: row.state["active"] === true,
    confirmedLsn: typeof confirmed === "string" ? parseLsn(confirmed) : null,
    walStatus: textOrNull(row.state["wal_status"]),
    invalidationReason: textOrNull(row.state["invalidation_reason"]),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

export interface NewSlot {
  /** Changes of transactions that commit after this place come through the slot, none before. */
  readonly consistentLsn: Lsn;
  /** Shows exactly what was committed before; valid until the replication connection runs its next command. */
  readonly snapshotName: string;
}

/** Creates the slot on a replication connection and exports the snapshot that belongs to its consistent point. */
export async function createSlot(replication: pg.Client, slot: string): Promise<NewSlot> {
  const result = await replication.query<{ consistent_point: string; snapshot_name: string }>(
    `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)} LOGICAL pgoutput EXPORT_SNAPSHOT`,
  );
  const [row] = result.rows;
  if (row === undefined) throw new PlatformError("source-misconfigured", "the server made no replication slot");
  return { consistentLsn: parseLsn(row.consistent_point), snapshotName: row.snapshot_name };
}

export async function dropSlot(client: pg.Client, slot: string): Promise<void> {
  await client.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", [
    slot,
  ]);
}

/** Identity of the database cluster: a restore or a failover to another history changes it. */
export async function systemIdentity(replication: pg.Client): Promise<string> {
  const result = await replication.query<{ systemid: string; timeline: number }>("IDENTIFY_SYSTEM");
  const [row] = result.rows;
  if (row === undefined) throw new PlatformError("source-unreachable", "the server did not identify itself");
  return row.systemid;
}
