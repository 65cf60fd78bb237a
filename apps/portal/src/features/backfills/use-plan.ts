import { useMutation } from "@tanstack/react-query";
import type { BackfillDetail } from "@nova/db/read-models";
import type { BackfillSpec } from "@nova/pipeline-core/orchestration";
import { useEffect } from "react";
import { useTRPC } from "@/trpc/client.tsx";

const SETTLE_MILLIS = 400;

export interface PlanState {
  /** The plan of the spec as it is now; null while it is made or when it cannot be. */
  readonly plan: BackfillDetail | null;
  readonly planning: boolean;
  /** Why it cannot be made. */
  readonly error: string | null;
  again(): void;
}

/** Freezes the plan of a spec whenever that has stood still for a moment; null: there is nothing to plan yet. */
export function usePlan(spec: BackfillSpec | null): PlanState {
  const trpc = useTRPC();
  const making = useMutation(trpc.backfills.plan.mutationOptions());
  const wanted = spec === null ? null : JSON.stringify(spec);
  const { mutate } = making;
  useEffect(() => {
    if (wanted === null) return undefined;
    const timer = setTimeout(() => mutate(JSON.parse(wanted) as BackfillSpec), SETTLE_MILLIS);
    return () => clearTimeout(timer);
  }, [wanted, mutate]);
  const current = making.variables !== undefined && JSON.stringify(making.variables) === wanted;
  return {
    plan: current && making.data !== undefined && !making.isPending ? making.data : null,
    planning: wanted !== null && (!current || making.isPending),
    error: current ? (making.error?.message ?? null) : null,
    again: () => spec !== null && mutate(spec),
  };
}
