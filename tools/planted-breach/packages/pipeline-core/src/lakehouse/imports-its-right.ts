export { planted as wrong } from "../connectors/index.ts";
