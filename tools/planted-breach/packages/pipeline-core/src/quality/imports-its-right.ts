export { planted as wrong } from "../lineage/index.ts";
