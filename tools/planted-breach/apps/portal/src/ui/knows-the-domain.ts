export { planted as wrong } from "../../../../packages/pipeline-core/src/kernel/index.ts";
