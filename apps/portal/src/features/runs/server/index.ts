export { downloadLog } from "./download-log.ts";
