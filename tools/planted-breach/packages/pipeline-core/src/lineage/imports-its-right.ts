export { planted as wrong } from "../cost/index.ts";
