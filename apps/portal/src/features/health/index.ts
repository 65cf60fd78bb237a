export { FreshnessText, HealthPill, HealthReason, useVerdict } from "./health-pill.tsx";
export { type JudgedHealth, judgeVerdict, type Verdict, VERDICTS } from "./judge-verdict.ts";
export { FRESHNESS_WORDS, VERDICT_CRITERIA, VERDICT_WORDS } from "./verdict-words.ts";
