import type { CaptureHost } from "@nova/pipeline-core/connectors";
import type pg from "pg";
import { type Lsn, parseLsn } from "./lsn.ts";

/**
 * Asks the source every few seconds for its time and its place in the log. Once everything before that place is in raw, so
 * is everything that happened before that time. The mark itself is a log message without a table: it lets an idle
 * database's slot move on, so that the source does not keep log for us (reliability case 52).
 */
export interface Heartbeat {
  beat(): Promise<void>;
  /** Everything before `lsn` is in raw, or was nothing. */
  reached(lsn: Lsn): Promise<void>;
}

const BEAT_SQL = `SELECT clock_timestamp() AS at, pg_logical_emit_message(false, 'nova.heartbeat', '')::text AS mark, pg_current_wal_lsn()::text AS lsn,
  (SELECT json_build_object('retained', pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 'state', wal_status) FROM pg_replication_slots WHERE slot_name = $1) AS slot`;

interface Beat {
  readonly at: Date;
  readonly mark: string;
  readonly lsn: string;
  readonly slot: { readonly retained: number | null; readonly state: string | null } | null;
}

export function heartbeat(host: CaptureHost, catalog: pg.Client, slot: string, everyMillis: number): Heartbeat {
  let lastBeatAt = Number.NEGATIVE_INFINITY;
  let marks: { lsn: Lsn; at: Date }[] = [];
  let reachedLsn: Lsn = 0n;

  return {
    async beat() {
      const now = performance.now();
      if (now - lastBeatAt < everyMillis) return;
      lastBeatAt = now;
      const { rows } = await catalog.query<Beat>(BEAT_SQL, [slot]);
      const [row] = rows;
      if (row === undefined) return;
      marks.push({ lsn: parseLsn(row.mark), at: row.at });
      const behind = parseLsn(row.lsn) - reachedLsn;
      host.observeLag({
        bytes: reachedLsn === 0n ? null : Number(behind > 0n ? behind : 0n),
        retainedBytes: row.slot?.retained ?? null,
        slotState: row.slot?.state ?? null,
      });
    },
    async reached(lsn) {
      if (lsn > reachedLsn) reachedLsn = lsn;
      const passed = marks.filter((mark) => mark.lsn <= lsn);
      const newest = passed.at(-1);
      if (newest === undefined) return;
      marks = marks.slice(passed.length);
      await host.dataThrough(newest.at);
    },
  };
}
