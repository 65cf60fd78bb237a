import type { OpenBreaker, SourceStore } from "@nova/pipeline-core/connectors";
import { announce, type Sql } from "./announce.ts";
import { inTransaction, type StoreDb } from "./store-context.ts";

interface BreakerRow extends Omit<OpenBreaker, "error"> {
  readonly errorKind: NonNullable<OpenBreaker["error"]>["kind"] | null;
  readonly errorMessage: string | null;
}

/** Circuit breakers of sources: a row for each that is not closed. */
export function sourceBreakers(db: StoreDb): Pick<SourceStore, "saveBreaker" | "openBreakers" | "closeBreakers"> {
  return {
    saveBreaker: (source, part, { state, failures, since, until, error }) =>
      inTransaction(db.pool, async (tx) => {
        if (state === "closed")
          await tx.query("DELETE FROM source_breakers WHERE source_id = $1 AND part = $2", [source, part]);
        else
          await tx.query(
            `INSERT INTO source_breakers (source_id, part, state, failures, since, until, error_kind, error_message)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (source_id, part) DO UPDATE SET state = excluded.state, failures = excluded.failures, since = excluded.since,
               until = excluded.until, error_kind = excluded.error_kind, error_message = excluded.error_message`,
            [source, part, state, failures, since, until, error?.kind ?? null, error?.message ?? null],
          );
        await announce(tx, "source", [source]);
      }),
    openBreakers: () => readOpenBreakers(db.pool),
    async closeBreakers() {
      await db.pool.query("DELETE FROM source_breakers");
    },
  };
}

export async function readOpenBreakers(sql: Sql): Promise<OpenBreaker[]> {
  const { rows } = await sql.query<BreakerRow>(
    `SELECT source_id AS source, part, state, failures, since, until, error_kind AS "errorKind", error_message AS "errorMessage"
       FROM source_breakers ORDER BY source_id, part`,
  );
  return rows.map(({ errorKind, errorMessage, ...row }) => ({
    ...row,
    error: errorKind === null ? null : { kind: errorKind, message: errorMessage ?? "" },
  }));
}
