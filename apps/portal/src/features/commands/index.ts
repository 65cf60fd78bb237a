export { AskButton } from "./components/ask-button.tsx";
export { AskDialog } from "./components/ask-dialog.tsx";
export { DatasetActions } from "./components/dataset-actions.tsx";
export { DatasetMarks } from "./components/dataset-marks.tsx";
export { PausedBanner } from "./components/paused-banner.tsx";
export { RunActions } from "./components/run-actions.tsx";
export { RunsActions, useSteersRuns } from "./components/runs-actions.tsx";
export { RunOriginLine } from "./components/run-origin-line.tsx";
export { WhyCard } from "./components/why-card.tsx";
