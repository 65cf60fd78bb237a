export { loadQuerySearch, parseQueryId } from "./query-search.ts";
export { QueryPage } from "./query-page.tsx";
