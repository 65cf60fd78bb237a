export { BackfillPage } from "./backfill-page.tsx";
export { BackfillsPage } from "./backfills-page.tsx";
export { BackfillButton } from "./components/backfill-button.tsx";
export { PartitionsTab } from "./components/partitions-tab.tsx";
export { BACKFILL_STATE_WORDS } from "./backfill-words.ts";
export { PartsMeter } from "./components/parts-meter.tsx";
