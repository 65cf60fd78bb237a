export { CostPage } from "./cost-page.tsx";
export { costReportInput, loadCostSearch } from "./cost-search.ts";
export { CostTrend } from "./components/cost-trend.tsx";
export { scanCost } from "./cost-words.ts";
