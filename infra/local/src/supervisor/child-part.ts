import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { LogBook } from "./log-book.ts";
import { lineSplitter } from "./log-lines.ts";
import type { PartSpec, PartState } from "./part.ts";
import { killGroup, signalProcess, waitUntilGone } from "./processes.ts";
import { waitUntilReady } from "./readiness.ts";
import { decideRestart } from "./restart-policy.ts";

const EXIT_WITH_PARENT = fileURLToPath(new URL("./exit-with-parent.ts", import.meta.url));
const KILL_WITHIN_MS = 5000;

export interface RunningPart {
  readonly spec: PartSpec;
  readonly state: PartState;
  readonly pid: number | undefined;
  /** Settles once: true when the part first became ready (a one-off: ended well), false when it cannot be. */
  readonly firstReady: Promise<boolean>;
  /** Stops it for good: its signal, then after its time the kill. Idempotent. */
  stop(): Promise<void>;
  /** No more patience: kills the whole group now. */
  kill(): void;
}

/**
 * Starts a part and keeps it running as the restart policy says. The part leads its own process group, so a Ctrl-C at
 * the terminal reaches it only through the supervisor's ordered stop.
 */
export function startPart(spec: PartSpec, logs: LogBook, onChange: () => void): RunningPart {
  const deaths: number[] = [];
  const stopping = new AbortController();
  const first = Promise.withResolvers<boolean>();
  let state: PartState = "starting";
  let child: ChildProcess | undefined;

  const enter = (next: PartState) => {
    state = next;
    onChange();
  };
  const giveUp = (reason: string) => {
    enter("failed");
    logs.write(spec.name, `is down and stays down: ${reason}`);
    first.resolve(false);
  };

  async function lives(): Promise<void> {
    for (;;) {
      const code = await oneLife();
      if (stopping.signal.aborted) return enter("stopped");
      if (spec.ready.kind === "ended") {
        if (code !== 0) return giveUp(`it ended with exit code ${code}`);
        enter("stopped");
        return first.resolve(true);
      }
      const decision = decideRestart(deaths, performance.now(), code);
      deaths.push(performance.now());
      if (!decision.restart) return giveUp(decision.reason);
      enter("restarting");
      logs.write(spec.name, `ended with exit code ${code}; starting it again in ${decision.afterMs} ms`);
      await delay(decision.afterMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return enter("stopped");
    }
  }

  /** Spawns once and waits for the end. Returns the exit code; null when a signal ended it or it could not be spawned. */
  async function oneLife(): Promise<number | null> {
    const over = new AbortController();
    const started = spawnPart(spec);
    child = started;
    enter("starting");
    for (const stream of [started.stdout, started.stderr]) {
      const lines = lineSplitter((line) => logs.write(spec.name, line));
      stream
        ?.setEncoding("utf8")
        .on("data", (chunk: string) => lines.push(chunk))
        .on("end", () => lines.end());
    }
    const ended = new Promise<number | null>((resolve) => {
      started.once("error", (error) => {
        logs.write(spec.name, `could not start ${spec.command}: ${error.message}`);
        resolve(null);
      });
      started.once("exit", resolve);
    });
    void watchReadiness(over.signal);
    const code = await ended;
    over.abort();
    return code;
  }

  async function watchReadiness(over: AbortSignal): Promise<void> {
    if (spec.ready.kind === "ended") return;
    if (await waitUntilReady(spec.ready, over)) {
      enter("ready");
      first.resolve(true);
    }
  }

  const running = lives();
  const patience = setTimeout(() => first.resolve(false), spec.readyWithin);
  const firstReady = first.promise.finally(() => clearTimeout(patience));

  return {
    spec,
    get state() {
      return state;
    },
    get pid() {
      return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
    },
    firstReady,
    async stop() {
      stopping.abort();
      first.resolve(false);
      const pid = this.pid;
      if (pid !== undefined) {
        signalProcess(pid, spec.stopSignal);
        if (!(await waitUntilGone(pid, spec.stopWithin))) {
          logs.write(spec.name, `did not stop within ${spec.stopWithin / 1000} s and was killed`);
        }
        // What the part left behind in its group goes too, whether it ended well or not.
        killGroup(pid);
        await waitUntilGone(pid, KILL_WITHIN_MS);
      }
      await running;
    },
    kill() {
      stopping.abort();
      if (this.pid !== undefined) killGroup(this.pid);
    },
  };
}

function spawnPart(spec: PartSpec): ChildProcess {
  const args = spec.channel ? ["--import", EXIT_WITH_PARENT, ...spec.args] : spec.args;
  return spawn(spec.command, args, {
    cwd: spec.cwd,
    env: { ...spec.env },
    ...spec.runAs,
    detached: true,
    stdio: spec.channel ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "pipe", "pipe"],
  });
}
