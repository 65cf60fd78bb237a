export { planted as wrong } from "../catalog/index.ts";
