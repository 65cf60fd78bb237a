export { planted as wrong } from "../../db/src/index.ts";
