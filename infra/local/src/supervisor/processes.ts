import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const POLL_MS = 50;
/** proc(5): starttime is field 22, and the state after the name is field 3. */
const START_TIME_AFTER_NAME = 19;
const onLinux = process.platform === "linux";

/** Whether a process with this pid runs. A zombie that nobody reaped counts as gone. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = onLinux ? await stateFromProc(pid) : await fromPs(pid, "stat=");
  return state !== "" && !state.startsWith("Z");
}

/** The command line of a process, or "" when it is gone. */
export async function commandLineOf(pid: number): Promise<string> {
  if (!onLinux) return fromPs(pid, "args=");
  const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return words.replaceAll("\0", " ").trim();
}

/** Signals one process. Being gone already is fine. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  send(pid, signal);
}

/** Kills every process of the group that `pid` leads or led. Being gone already is fine. */
export function killGroup(pid: number): void {
  send(-pid, "SIGKILL");
}

/** When the process started, as the system writes it: with the pid it names one process for good. "" when it is gone. */
export async function startMarkOf(pid: number): Promise<string> {
  if (!onLinux) return fromPs(pid, "lstart=");
  const afterName = await stateFromProc(pid);
  return afterName.split(" ")[START_TIME_AFTER_NAME] ?? "";
}

/** Waits until the process is gone; false when it is still there after `withinMs`. */
export async function waitUntilGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (await isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // macOS says EPERM for a group of which only zombies are left.
    if (code !== "ESRCH" && !(code === "EPERM" && target < 0)) throw error;
  }
}

// The slim images of Node have no `ps`.
async function stateFromProc(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 1).trim();
}

async function fromPs(pid: number, column: string): Promise<string> {
  const { stdout } = await run("ps", ["-ww", "-o", column, "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.trim();
}
