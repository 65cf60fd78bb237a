export { planted as wrong } from "../catalog/model.ts";
