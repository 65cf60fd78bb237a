export { planted as wrong } from "../../server/trpc.ts";
