export { BackfillPage } from "./backfill-page.tsx";
export { BackfillsPage } from "./backfills-page.tsx";
export { BackfillButton } from "./components/backfill-button.tsx";
export { PartitionsTab } from "./components/partitions-tab.tsx";
