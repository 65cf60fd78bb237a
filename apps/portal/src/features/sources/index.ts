export { SourcePage } from "./source-page.tsx";
export { parseSourceId, parseSourceSearch } from "./source-search.ts";
export { SourceStatus } from "./components/source-status.tsx";
export { SOURCE_COLOR, SOURCE_STATE_WORDS } from "./source-words.ts";
export { SourcesPage } from "./sources-page.tsx";
