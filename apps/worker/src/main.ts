import { isPlatformError } from "@nova/pipeline-core/kernel";
import { startWorker, type Worker } from "./container.ts";
import { readWorkerEnv } from "./env.ts";
import { createLogger } from "./logging/logger.ts";

const env = readWorkerEnv();
const logger = createLogger(env.LOG_LEVEL);

/** What nobody caught leaves the process in an unknown state: say it and end; the supervisor starts a fresh one. */
function die(message: string, error: unknown): never {
  logger.error(message, { error });
  process.exit(1);
}
process.on("uncaughtException", (error) => die("an exception was not caught", error));
process.on("unhandledRejection", (error) => die("a rejection was not handled", error));

if (env.UV_THREADPOOL_SIZE === undefined)
  logger.warn("queries of the lake and writes of the spool share Node's four threads: set UV_THREADPOOL_SIZE=16");

let worker: Worker | undefined;
let stopping = false;

function stop(signal: NodeJS.Signals): void {
  if (stopping) return;
  stopping = true;
  logger.info("stopping", { signal });
  if (worker === undefined) process.exit(0);
  worker.stop().then(
    () => {
      logger.info("stopped");
      process.exit(0);
    },
    (error: unknown) => die("stopping failed", error),
  );
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

try {
  worker = await startWorker(env, logger, (error) => die("fenced by a newer worker", error));
} catch (error) {
  die(isPlatformError(error) ? `the worker cannot start: ${error.policy.remedy}` : "the worker cannot start", error);
}
