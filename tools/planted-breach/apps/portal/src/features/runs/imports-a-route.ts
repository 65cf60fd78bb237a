export { wrong } from "../../app/page.ts";
