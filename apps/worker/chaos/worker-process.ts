import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const RESTART_AFTER = 300;
const KEPT_LOG = 6_000;

export interface Failpoint {
  readonly name: string;
  /** At which pass of it the worker dies. */
  readonly passes: number;
}

/** A worker that is started again whenever it ends, as the supervisor of an installation does. */
export interface WorkerProcess {
  readonly url: string;
  /** How often it ended by itself or was killed. */
  readonly ends: number;
  readonly log: string;
  /** How it ended last: code or signal, and its last error. */
  readonly lastEnd: string;
  /** The next start, and only that one, dies at the failpoint. */
  armNext(failpoint: Failpoint): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process that runs now has ended. */
  ended(): Promise<void>;
  stop(): Promise<void>;
}

export function superviseWorker(
  port: number,
  disturbanceFile: string,
  env: Readonly<Record<string, string>>,
  logFile: string | null,
): WorkerProcess {
  let child: ChildProcess;
  let armed: Failpoint | null = null;
  let ends = 0;
  let log = "";
  let lastEnd = "";
  let stopping = false;
  let exit: Promise<unknown> = Promise.resolve();

  const start = (): void => {
    const failpoint = armed === null ? [] : [armed.name, String(armed.passes)];
    armed = null;
    child = spawn(process.execPath, [join(import.meta.dirname, "faulty-worker.ts"), disturbanceFile, ...failpoint], {
      env: { ...env, NOVA_WORKER_PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        log = (log + String(chunk)).slice(-KEPT_LOG);
        if (logFile !== null) appendFileSync(logFile, String(chunk));
      });
    exit = once(child, "exit").then(async ([code, signal]) => {
      ends += 1;
      lastEnd = `${code ?? signal}: ${log.split("\n").findLast((line) => line.includes('"level":"error"')) ?? ""}`;
      if (stopping) return;
      await pause(RESTART_AFTER);
      if (!stopping) start();
    });
  };
  start();
  return {
    url: `http://127.0.0.1:${port}`,
    get ends() {
      return ends;
    },
    get log() {
      return log;
    },
    get lastEnd() {
      return lastEnd;
    },
    armNext(failpoint) {
      armed = failpoint;
    },
    kill: (signal) => void child.kill(signal),
    async ended() {
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
    async stop() {
      stopping = true;
      child.kill("SIGKILL");
      await exit;
    },
  };
}
