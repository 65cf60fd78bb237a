import { type ChildProcess, fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { FromChild, ToChild } from "./messages.ts";

const CHILD = fileURLToPath(new URL("./child-main.ts", import.meta.url));
const MEGABYTE = 1024 * 1024;
const WATCH_EVERY_MS = 50;
/** Node itself, the pages on their way out and the engine's own bookkeeping. */
const BESIDE_ENGINE_MEGABYTES = 320;

export interface SandboxChild {
  readonly process: ChildProcess;
  send(message: ToChild): void;
  /** The next message; throws when the child ends without one. `memory` says that it was ended for using too much. */
  next(): Promise<FromChild>;
  /** Ends it at once, whatever it does. */
  kill(): void;
  /** True once it was ended for holding more memory than it may. */
  readonly overMemory: boolean;
}

/**
 * Starts a child with the engine loaded and hardened, ready for its one query. It inherits nothing: no environment (so no
 * secret), no working directory of ours, no files; Node's permission model takes away writing, children and threads.
 */
export async function startChild(options: {
  readonly lakeDir: string;
  readonly memoryMegabytes: number;
}): Promise<SandboxChild> {
  const child = fork(CHILD, [], {
    cwd: tmpdir(),
    env: { TZ: "UTC" },
    // `--allow-addons` is for the engine itself; the engine's own lock-down is what holds it.
    execArgv: ["--no-warnings", "--permission", "--allow-addons", "--allow-fs-read=*", "--max-old-space-size=160"],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const arrived: FromChild[] = [];
  let waiting: (() => void) | undefined;
  let ended = false;
  let overMemory = false;
  const wake = (): void => waiting?.();
  child.on("message", (message: FromChild) => {
    arrived.push(message);
    wake();
  });
  const watch = setInterval(() => {
    void residentMegabytes(child.pid).then((megabytes) => {
      if (ended || megabytes <= options.memoryMegabytes + BESIDE_ENGINE_MEGABYTES) return;
      overMemory = true;
      child.kill("SIGKILL");
    });
  }, WATCH_EVERY_MS);
  watch.unref();
  const end = (): void => {
    ended = true;
    clearInterval(watch);
    wake();
  };
  child.once("exit", end);
  child.once("error", end);

  const self: SandboxChild = {
    process: child,
    send: (message) => void (ended || child.send(message)),
    async next() {
      while (arrived.length === 0) {
        if (ended) throw new PlatformError("engine-failed", "the query's process ended without an answer");
        await new Promise<void>((resolve) => (waiting = resolve));
      }
      return arrived.shift() as FromChild;
    },
    kill: () => void child.kill("SIGKILL"),
    get overMemory() {
      return overMemory;
    },
  };
  self.send({ kind: "prepare", ...options });
  const first = await self.next();
  if (first.kind === "ready") return self;
  self.kill();
  throw new PlatformError(
    "engine-failed",
    `the query engine did not start: ${first.kind === "failed" ? first.failure.message : first.kind}`,
  );
}

/** Resident memory on Linux; 0 elsewhere, where the engine's own limit has to do. */
async function residentMegabytes(pid: number | undefined): Promise<number> {
  if (process.platform !== "linux" || pid === undefined) return 0;
  const statm = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "0 0");
  return (Number(statm.split(" ")[1]) * 4096) / MEGABYTE;
}
