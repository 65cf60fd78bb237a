export { planted as wrong } from "../features/runs/run-page.ts";
