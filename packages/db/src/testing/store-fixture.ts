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

/** Empties every table but the migration ledger: far cheaper than a database per test. */
export async function emptyDb(db: Pick<Db, "pool">): Promise<void> {
  await db.pool.query(
    `DO $$ DECLARE names text; BEGIN
       ALTER TABLE audit_entries DISABLE TRIGGER USER;
       SELECT string_agg(format('%I', tablename), ', ') INTO names FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations';
       EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY CASCADE';
       ALTER TABLE audit_entries ENABLE TRIGGER USER;
     END $$`,
  );
}
