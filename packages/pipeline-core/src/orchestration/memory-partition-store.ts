import { type DatasetName, parametersText } from "../catalog/index.ts";
import { dayNumber, daysOf } from "./backfill-days.ts";
import type { HeldBack } from "./gate-check.ts";
import type { MarkedDays, ParameterMark, PartitionStore, PartitionSurvey } from "./backfill-store.ts";

/** `seconds`: what steps of each dataset took. */
export function memoryPartitionStore(seconds: ReadonlyMap<DatasetName, number> = new Map()): PartitionStore {
  const surveys = new Map<DatasetName, PartitionSurvey>();
  const held = new Map<DatasetName, HeldBack>();
  let marks: readonly ParameterMark[] = [];
  return {
    saveSurvey: async (survey) => void surveys.set(survey.dataset, survey),
    survey: async (dataset) => surveys.get(dataset) ?? null,
    secondsOf: async (datasets) => new Map([...seconds].filter(([dataset]) => datasets.includes(dataset))),
    markParameters: async (_epoch, mark) => void (marks = [...marks, mark]),
    async unmarkSince(_tx, dataset, since) {
      marks = marks.filter((mark) => mark.dataset !== dataset || mark.at < since);
    },
    async holdBack(_epoch, dataset, days) {
      if (days === null) held.delete(dataset);
      else held.set(dataset, days);
    },
    heldBack: async () => [...held].map(([dataset, days]) => ({ dataset, ...days })),
    marked: async (dataset) => markedDays(marks.filter((mark) => mark.dataset === dataset)),
  };
}

function markedDays(marks: readonly ParameterMark[]): MarkedDays[] {
  const byDay = new Map<string, Omit<MarkedDays, "from" | "to">>();
  for (const { days, parameters, runId, at } of marks) {
    for (const day of days === "all" ? [...byDay.keys()] : daysOf(days)) {
      if (parameters === null) byDay.delete(day);
      else byDay.set(day, { parameters, runId, at });
    }
  }
  const found: MarkedDays[] = [];
  for (const [day, mark] of [...byDay].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const last = found.at(-1);
    const joins =
      last?.runId === mark.runId &&
      parametersText(last.parameters) === parametersText(mark.parameters) &&
      dayNumber(last.to) + 1 === dayNumber(day);
    found.splice(joins ? -1 : found.length, joins ? 1 : 0, { ...mark, from: joins ? last.from : day, to: day });
  }
  return found;
}
