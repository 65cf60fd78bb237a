import { spawn } from "node:child_process";
import { once } from "node:events";

const LAST_WORDS = 3000;

/** A product that runs beside the bench, as one process. */
export interface PeerProcess {
  readonly pid: number;
  /** Throws when it ended by itself. */
  assertRuns(): void;
  /** The last whole line of its standard output. Throws when it ended by itself. */
  lastLine(): string;
  stop(): Promise<void>;
}

export function startPeer(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): PeerProcess {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const leaveNone = (): void => void child.kill();
  process.once("exit", leaveNone);
  let failure: unknown = null;
  let [said, complained] = ["", ""];
  child.on("error", (error) => (failure = error));
  child.stdout.on("data", (chunk) => (said = (said + String(chunk)).slice(-LAST_WORDS)));
  child.stderr.on("data", (chunk) => (complained = (complained + String(chunk)).slice(-LAST_WORDS)));
  const exited = once(child, "exit");
  const ended = (): boolean => failure !== null || child.exitCode !== null || child.signalCode !== null;
  const assertRuns = (): void => {
    if (ended()) throw new Error(`${command} ended by itself: ${complained}`, { cause: failure });
  };
  return {
    pid: child.pid ?? 0,
    assertRuns,
    lastLine() {
      assertRuns();
      return said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1) ?? "";
    },
    async stop() {
      process.off("exit", leaveNone);
      if (ended()) return;
      child.kill("SIGTERM");
      await exited;
    },
  };
}
