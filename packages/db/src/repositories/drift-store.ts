import {
  DECIDED_STATE,
  decideDrift,
  type DriftItem,
  type DriftStore,
  type NewTableRule,
  type SourceId,
} from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { announce } from "./announce.ts";
import { writeAudit } from "./audit.ts";
import { inTransaction, type StoreContext, type StoreDb } from "./store-context.ts";
import { askOfStream } from "./stream-requests.ts";
import { loadStreams } from "./stream-schemas.ts";

const COLUMNS = `id, source_id AS source, stream, from_version AS "fromVersion", to_version AS "toVersion", change, state, waits,
  position, seen_at AS "seenAt", decided_by AS "decidedBy", CASE WHEN decided_by IS NOT NULL THEN settled_at END AS "decidedAt"`;
const MOST_LISTED = 200;

export function driftStore(db: StoreDb, context: StoreContext): DriftStore {
  return {
    async list({ source, open }) {
      const { rows } = await db.pool.query<DriftItem>(
        `SELECT ${COLUMNS} FROM drift_items WHERE ($1::text IS NULL OR source_id = $1) AND (NOT $2 OR state = 'open')
          ORDER BY state <> 'open', seen_at DESC, id DESC LIMIT ${MOST_LISTED}`,
        [source ?? null, open === true],
      );
      return rows;
    },

    decide: ({ item: id, choice, target, decidedBy }) =>
      inTransaction(db.pool, async (tx) => {
        const found = await tx.query<{ source: SourceId }>(
          "SELECT source_id AS source FROM drift_items WHERE id = $1",
          [id],
        );
        const source = found.rows[0]?.source;
        if (source === undefined) throw new PlatformError("not-found", `there is no drift item ${id}`);
        // The source's lock is taken first, as by those who save schemas: what is judged is what is written.
        await tx.query("SELECT FROM sources WHERE id = $1 FOR UPDATE", [source]);
        const { rows } = await tx.query<DriftItem>(`SELECT ${COLUMNS} FROM drift_items WHERE id = $1 FOR UPDATE`, [id]);
        const [item] = rows;
        const record = (await loadStreams(tx, source)).find((each) => each.stream === item?.stream);
        if (item === undefined || record === undefined)
          throw new PlatformError("not-found", `the stream of drift item ${id} is not known`);
        const decided = decideDrift(record, item, { choice, target });
        const { stream } = item;
        const asked =
          decided.ask === null
            ? null
            : await askOfStream(tx, context, { source, stream, action: decided.ask, requestedBy: decidedBy });
        const state = DECIDED_STATE[choice];
        const at = context.clock.now();
        await tx.query("UPDATE streams SET staged = $3, decisions = decisions + 1 WHERE source_id = $1 AND name = $2", [
          source,
          stream,
          decided.staged === undefined ? null : JSON.stringify(decided.staged),
        ]);
        await tx.query("UPDATE drift_items SET state = $2, settled_at = $3, decided_by = $4 WHERE id = $1", [
          id,
          state,
          at,
          decidedBy,
        ]);
        await writeAudit(tx, context, {
          actor: decidedBy,
          action: `drift.${choice}`,
          resource: `${source}/${stream}`,
          detail: { item: id, change: item.change, target: decided.target, request: asked?.id ?? null },
        });
        await announce(tx, "source", [source]);
        return { item: { ...item, state, decidedBy, decidedAt: at }, asked };
      }),

    async newTableRule(source) {
      const { rows } = await db.pool.query<{ rule: NewTableRule }>(
        "SELECT new_tables AS rule FROM sources WHERE id = $1",
        [source],
      );
      const [row] = rows;
      if (row === undefined) throw new PlatformError("not-found", `source ${source} is not registered`);
      return row.rule;
    },

    setNewTableRule: (source, rule, setBy) =>
      inTransaction(db.pool, async (tx) => {
        const { rowCount } = await tx.query("UPDATE sources SET new_tables = $2 WHERE id = $1", [source, rule]);
        if (rowCount === 0) throw new PlatformError("not-found", `source ${source} is not registered`);
        await writeAudit(tx, context, {
          actor: setBy,
          action: "source.new-tables",
          resource: source,
          detail: { rule },
        });
        await announce(tx, "source", [source]);
      }),
  };
}
