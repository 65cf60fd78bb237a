export { planted as wrong } from "../lakehouse/index.ts";
