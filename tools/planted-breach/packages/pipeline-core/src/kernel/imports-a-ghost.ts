export { planted as wrong } from "./ghost.ts";
