import { formatDuration } from "@/ui/format.ts";
import { PLATFORM, TRIGGER_WORDS } from "./run-words.ts";
import type { RunsSearch } from "./runs-search.ts";

/** The filter in words, for the empty list: "pipeline curated, dataset like “orders”". */
export function describeFilter({ pipeline, trigger, dataset, started, from, to, over, by }: RunsSearch): string {
  const parts = [
    pipeline === null ? null : `pipeline ${pipeline}`,
    trigger === null ? null : `trigger ${TRIGGER_WORDS[trigger].label.toLowerCase()}`,
    dataset === "" ? null : `dataset like “${dataset}”`,
    started === null && from === null && to === null ? null : "the time they started",
    over === null ? null : `longer than ${formatDuration(over)}`,
    by === null ? null : by === PLATFORM ? "started by the platform itself" : `launched by ${by}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}
