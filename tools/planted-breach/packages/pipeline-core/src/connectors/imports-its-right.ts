export { planted as wrong } from "../access/index.ts";
