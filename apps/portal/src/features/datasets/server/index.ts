export { queriesOfDatasetPage } from "./page-queries.ts";
