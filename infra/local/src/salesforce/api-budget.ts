import { faultOf } from "./api-fault.ts";

const HOUR = 3_600_000;
const HOURS_A_DAY = 24;

export interface ApiBudget {
  readonly max: number;
  used(): number;
  /** Counts one; throws the budget's fault when the rolling 24 hours are used up. */
  spend(): void;
  /** The `Sforce-Limit-Info` header. */
  header(): string;
}

/** What was used in the last 24 hours, counted by the hour, against the org's limit. `errorCode` is the answer beyond it. */
export function createApiBudget(max: number, now: () => number, errorCode = "REQUEST_LIMIT_EXCEEDED"): ApiBudget {
  const byHour = new Map<number, number>();
  const used = (): number => {
    const oldest = Math.floor(now() / HOUR) - HOURS_A_DAY;
    let sum = 0;
    for (const [hour, calls] of byHour) {
      if (hour <= oldest) byHour.delete(hour);
      else sum += calls;
    }
    return sum;
  };
  return {
    max,
    used,
    spend() {
      if (used() >= max) throw faultOf(errorCode);
      const hour = Math.floor(now() / HOUR);
      byHour.set(hour, (byHour.get(hour) ?? 0) + 1);
    },
    header: () => `api-usage=${used()}/${max}`,
  };
}

/** The part of `/limits` that a connector watches. */
export function limitsOf(budget: ApiBudget, bulkJobs: ApiBudget): object {
  const limit = (max: number, used: number): object => ({ Max: max, Remaining: Math.max(0, max - used) });
  return {
    DailyApiRequests: limit(budget.max, budget.used()),
    DailyBulkApiBatches: limit(15_000, 0),
    DailyBulkV2QueryJobs: limit(bulkJobs.max, bulkJobs.used()),
    DailyBulkV2QueryFileStorageMB: limit(976_562, 0),
    DataStorageMB: limit(10_240, 180),
    FileStorageMB: limit(10_240, 12),
    ConcurrentAsyncGetReportInstances: limit(200, 0),
    HourlySyncReportRuns: limit(500, 0),
  };
}
