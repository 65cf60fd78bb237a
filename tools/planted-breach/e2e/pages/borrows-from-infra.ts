export { planted as wrong } from "../../infra/local/src/data.ts";
