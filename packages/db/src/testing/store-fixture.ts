import { randomBytes } from "node:crypto";
import { type Clock, type IdSource, uuidV7Source } from "@nova/pipeline-core/kernel";
import type { Db } from "../client.ts";

/** A clock that stands still until it is told otherwise. */
export function standingClock(start: Date): Clock & { forward(millis: number): void } {
  let now = start.getTime();
  return {
    now: () => new Date(now),
    forward: (millis) => {
      now += millis;
    },
  };
}

export function testIds(clock: Clock): IdSource {
  return uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
}

/**
 * Empties every table but the migration ledger: far cheaper than a database per test, and than TRUNCATE of many small
 * tables. As a replica, neither foreign keys nor the audit's trigger stand in the way.
 */
export async function emptyDb(db: Pick<Db, "pool">): Promise<void> {
  await db.pool.query(
    `DO $$ DECLARE name text; BEGIN
       PERFORM set_config('session_replication_role', 'replica', true);
       FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' LOOP
         EXECUTE format('DELETE FROM %I', name);
       END LOOP;
     END $$`,
  );
}
