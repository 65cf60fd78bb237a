export { DriftPage } from "./drift-page.tsx";
export { loadDriftSearch } from "./drift-search.ts";
export { DatasetDrift } from "./components/dataset-drift.tsx";
export { DriftCount } from "./components/drift-count.tsx";
export { SourceDrift } from "./components/source-drift.tsx";
