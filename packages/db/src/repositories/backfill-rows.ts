import type { BackfillPlan, BackfillState, StoredBackfill } from "@nova/pipeline-core/orchestration";

export const BACKFILL_COLUMNS = "id, state, plan, parallelism, requested_by, created_at, started_at, ended_at";

/** A plan as JSON has it. */
type PlanJson = Omit<BackfillPlan, "plannedAt"> & { readonly plannedAt: string };

export interface BackfillRow {
  id: string;
  state: BackfillState;
  plan: PlanJson;
  parallelism: number;
  requested_by: string;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
}

export function planJson(plan: BackfillPlan): string {
  return JSON.stringify(plan);
}

export function asBackfill(row: BackfillRow): StoredBackfill {
  return {
    id: row.id,
    plan: { ...row.plan, plannedAt: new Date(row.plan.plannedAt) },
    state: row.state,
    parallelism: row.parallelism,
    requestedBy: row.requested_by,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}
