import { fileURLToPath } from "node:url";
import { readSupervisorEnv } from "./env.ts";
import { DataDirRefused } from "./supervisor/data-dir.ts";
import { novaPlatform } from "./supervisor/nova-platform.ts";
import { parseOptions } from "./supervisor/options.ts";
import { PartFailed } from "./supervisor/run-parts.ts";
import { superviseUntilSignal } from "./supervisor/signals.ts";

// Started by tools/start.mjs, which has checked the flags and brought everything that is needed.
const env = readSupervisorEnv();
if ("problem" in env) {
  console.error(env.problem);
  process.exit(2);
}
const options = parseOptions(process.argv[2]);
const root = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");
try {
  await superviseUntilSignal(novaPlatform(options, env, { node: process.execPath, root }), options);
} catch (error) {
  const known = error instanceof DataDirRefused || error instanceof PartFailed;
  console.error(known ? error.message : error);
  process.exitCode = 1;
}
// The channel to the launcher would keep us here.
if (process.connected) process.disconnect();
