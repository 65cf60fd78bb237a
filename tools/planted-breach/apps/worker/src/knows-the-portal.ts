export { planted as wrong } from "../../portal/src/ui/button.ts";
