export { planted as wrong } from "../orchestration/index.ts";
