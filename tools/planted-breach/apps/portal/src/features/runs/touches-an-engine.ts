export type { planted as wrong } from "../../../../../packages/engines/src/index.ts";
