export { ERROR_WORDS, RUN_STATE_WORDS, STEP_STATE_WORDS, TRIGGER_WORDS } from "./run-words.ts";
export { RunStatus, StepStatus, TriggerName } from "./components/run-status.tsx";
export { loadRunsSearch, runsFilter, runsPageInput } from "./runs-search.ts";
export { RunsPage } from "./runs-page.tsx";
export { RunPage } from "./run-page.tsx";
export { parseRunId } from "./run-search.ts";
