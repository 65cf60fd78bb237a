/**
 * The worker as it is, but for three things that chaos needs inside of it: it dies with SIGKILL at a failpoint, its clock is
 * wrong and its disk slow by what a file says. `faulty-worker.ts <disturbance file> [failpoint passes]`
 */
import { readFileSync, watchFile } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { startWorker } from "../src/container.ts";
import { readWorkerEnv } from "../src/env.ts";
import { createLogger } from "../src/logging/logger.ts";
import { type Disturbance, NO_DISTURBANCE } from "./disturbance.ts";

const [file = "", failpoint, passes] = process.argv.slice(2);
let disturbance = NO_DISTURBANCE;
const read = (): void => {
  disturbance = JSON.parse(readFileSync(file, "utf8")) as Disturbance;
};
read();
watchFile(file, { interval: 100 }, read);
let passed = 0;

await slowDownSyncs(() => disturbance.syncMillis);

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
    clock: { now: () => new Date(Date.now() + disturbance.clockMillis) },
    failpoint(name) {
      if (name !== failpoint) return;
      passed += 1;
      if (passed >= Number(passes)) process.kill(process.pid, "SIGKILL");
    },
  });
} catch (error) {
  die("the worker cannot start", error);
}

/** Whoever asks the disk to keep something waits so much longer: what a slow disk is to a program. */
async function slowDownSyncs(millis: () => number): Promise<void> {
  const handle = await open(file);
  const prototype = Object.getPrototypeOf(handle) as Pick<FileHandle, "sync" | "datasync">;
  await handle.close();
  for (const name of ["sync", "datasync"] as const) {
    const original = prototype[name];
    prototype[name] = async function slow(this: FileHandle) {
      await pause(millis());
      return original.call(this);
    };
  }
}
