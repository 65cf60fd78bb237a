export { planted as wrong } from "../../../packages/db/src/index.ts";
