export { planted as wrong } from "../incidents/index.ts";
