export { StepStatus } from "./components/run-status.tsx";
export { RunPage } from "./run-page.tsx";
export { parseRunId } from "./run-search.ts";
export { RunsPage } from "./runs-page.tsx";
export { loadRunsSearch, runsFilter, runsPageInput } from "./runs-search.ts";
