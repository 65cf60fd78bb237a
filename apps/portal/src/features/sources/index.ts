export { SourcePage } from "./source-page.tsx";
export { parseSourceId, parseSourceSearch } from "./source-search.ts";
export { BreakerMark } from "./components/breaker-banner.tsx";
export { BREAKER_PART_WORDS } from "./breaker-words.ts";
export { SourceStatus } from "./components/source-status.tsx";
export { SOURCE_COLOR, SOURCE_STATE_WORDS } from "./source-words.ts";
export { SourcesPage } from "./sources-page.tsx";
