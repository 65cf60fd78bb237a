export { planted as wrong } from "../../pipeline-core/src/kernel/index.ts";
