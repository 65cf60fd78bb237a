export { planted as wrong } from "../runs/run-page.ts";
