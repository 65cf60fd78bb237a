import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";

/** A committed transaction becomes visible within this, but for a server that waits for a standby to confirm it. */
const LOOK_MILLIS = 5;

/**
 * Which transactions a snapshot does not see yet. `snapshot` is `xmin:xmax:xip,…` of 64-bit numbers (pg_current_snapshot);
 * the stream knows their lower 32 bits, which go round.
 */
export function runningIn(snapshot: string): (xid: number) => boolean {
  const [, xmax = "0", list = ""] = snapshot.split(":");
  const low = (text: string): number => Number(BigInt(text) & 0xffffffffn);
  const next = low(xmax);
  const running = new Set(list === "" ? [] : list.split(",").map(low));
  return (xid) => ((xid - next) | 0) >= 0 || running.has(xid);
}

/**
 * Ends when what the stream told is visible to queries: a transaction is decoded as soon as its commit record is written,
 * a moment before other sessions see what it did.
 */
export async function untilVisible(
  client: pg.Client,
  received: (running: (xid: number) => boolean) => boolean,
): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ snapshot: string }>("SELECT pg_current_snapshot()::text AS snapshot");
    if (!received(runningIn(rows[0]?.snapshot ?? ""))) return;
    await sleep(LOOK_MILLIS);
  }
}
