export { planted as wrong } from "../quality/index.ts";
