/**
 * The worker as it is, but for two things that chaos needs inside of it: it dies with SIGKILL at a failpoint, and its clock
 * is wrong by what a file says. `faulty-worker.ts <milliseconds file> [failpoint passes]`
 */
import { readFileSync, watchFile } from "node:fs";
import { startWorker } from "../src/container.ts";
import { readWorkerEnv } from "../src/env.ts";
import { createLogger } from "../src/logging/logger.ts";

const [clockFile = "", failpoint, passes] = process.argv.slice(2);
let offset = Number(readFileSync(clockFile, "utf8"));
watchFile(clockFile, { interval: 100 }, () => (offset = Number(readFileSync(clockFile, "utf8"))));
let passed = 0;

const env = readWorkerEnv();
const logger = createLogger(env.LOG_LEVEL);
const die = (message: string, error: unknown): never => {
  logger.error(message, { error });
  process.exit(1);
};
process.on("uncaughtException", (error) => die("an exception was not caught", error));
process.on("unhandledRejection", (error) => die("a rejection was not handled", error));
process.on("SIGTERM", () => process.exit(0));
try {
  await startWorker(env, logger, (error) => die("fenced by a newer worker", error), {
    clock: { now: () => new Date(Date.now() + offset) },
    failpoint(name) {
      if (name !== failpoint) return;
      passed += 1;
      if (passed >= Number(passes)) process.kill(process.pid, "SIGKILL");
    },
  });
} catch (error) {
  die("the worker cannot start", error);
}
