import type { CheckKind, CheckOutcome, Severity } from "@nova/pipeline-core/quality";
import { formatCompact, formatDuration, formatShare } from "@/ui/format.ts";
import type { TonedWord } from "@/ui/tone.ts";

export const OUTCOME_WORDS: Record<CheckOutcome, TonedWord> = {
  passed: { label: "Passed", tone: "ok" },
  warned: { label: "Warned", tone: "warn" },
  failed: { label: "Failed", tone: "bad" },
  skipped: { label: "Not judged", tone: "idle" },
};

export const NO_OUTCOME = { label: "Not run yet", tone: "idle" } as const;

export const KIND_LABEL: Record<CheckKind, string> = {
  "duplicate-keys": "Duplicate keys",
  "null-rate": "Null rate",
  "schema-drift": "Schema drift",
  freshness: "Freshness",
  "row-count": "Row count",
  "custom-sql": "Rule in SQL",
};

export const SEVERITY_LABEL: Record<Severity, string> = { error: "Error", warning: "Warning" };

/** A value in the unit of the check's kind: a share, an age, a number of rows. */
export function formatCheckValue(kind: CheckKind, value: number): string {
  switch (kind) {
    case "null-rate":
      return formatShare(value);
    case "freshness":
      return formatDuration(value);
    case "duplicate-keys":
    case "schema-drift":
    case "row-count":
    case "custom-sql":
      return formatCompact(value);
  }
}
