import type { CheckDefinition, CheckResult } from "./model.ts";
import type { QualityStore } from "./ports.ts";

export interface MemoryQualityStore extends QualityStore {
  /** By `dataset check`. */
  readonly checks: ReadonlyMap<string, CheckDefinition>;
  readonly results: readonly CheckResult[];
}

export function memoryQualityStore(): MemoryQualityStore {
  const checks = new Map<string, CheckDefinition>();
  const results: CheckResult[] = [];
  return {
    checks,
    results,
    async saveChecks(datasets, declared) {
      for (const [key, check] of checks) if (datasets.includes(check.dataset)) checks.delete(key);
      for (const check of declared) checks.set(`${check.dataset} ${check.name}`, check);
    },
    async recordResults(more) {
      for (const result of more) {
        const same = (other: CheckResult) =>
          other.dataset === result.dataset &&
          other.check === result.check &&
          other.at.getTime() === result.at.getTime();
        if (!results.some(same)) results.push(result);
      }
    },
  };
}
