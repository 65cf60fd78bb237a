export { CatalogPage } from "./catalog-page.tsx";
export { parseCatalogSearch } from "./catalog-search.ts";
export { DatasetPage } from "./dataset-page.tsx";
export { parseDatasetName } from "./dataset-search.ts";
