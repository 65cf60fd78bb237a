export { LateCard } from "./components/late-card.tsx";
export { LineagePanel } from "./lineage-panel.tsx";
export { lineageSearchParsers, parseLineageSearch } from "./lineage-search.ts";
