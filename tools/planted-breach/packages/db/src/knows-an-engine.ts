export { planted as wrong } from "../../engines/src/index.ts";
