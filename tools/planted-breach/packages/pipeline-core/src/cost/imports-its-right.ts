export { planted as wrong } from "../privacy/index.ts";
