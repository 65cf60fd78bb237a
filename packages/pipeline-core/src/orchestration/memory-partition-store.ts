import type { DatasetName } from "../catalog/index.ts";
import type { PartitionStore, PartitionSurvey } from "./backfill-store.ts";

/** `seconds`: what steps of each dataset took. */
export function memoryPartitionStore(seconds: ReadonlyMap<DatasetName, number> = new Map()): PartitionStore {
  const surveys = new Map<DatasetName, PartitionSurvey>();
  return {
    saveSurvey: async (survey) => void surveys.set(survey.dataset, survey),
    survey: async (dataset) => surveys.get(dataset) ?? null,
    secondsOf: async (datasets) => new Map([...seconds].filter(([dataset]) => datasets.includes(dataset))),
  };
}
