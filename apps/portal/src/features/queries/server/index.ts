export { downloadCsv } from "./download-csv.ts";
