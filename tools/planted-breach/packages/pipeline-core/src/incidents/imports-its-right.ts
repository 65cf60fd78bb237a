export { planted as wrong } from "../consumers/index.ts";
