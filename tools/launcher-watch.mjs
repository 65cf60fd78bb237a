// npm may be killed without a word to what it started. A launch under npm ends when its npm is gone.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const WATCH_EVERY_MS = 500;

/**
 * Calls `onGone` once when the npm that started us, our parent or the parent of the shell between us, is gone. Started
 * by hand (node tools/start.mjs, nohup) nobody stands above us whose end would mean anything. Returns how to stop watching.
 */
export function watchLauncherOf(onGone) {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  const npm = [parent, grandparent].find((pid) => pid > 1 && /^npm\b|\/npm(-cli\.js)?\b/.test(commandOf(pid)));
  if (process.env.npm_lifecycle_event === undefined || npm === undefined) return () => undefined;
  const isThere =
    npm === parent ? () => process.ppid === npm : () => process.ppid === parent && parentOf(parent) === npm;
  const timer = setInterval(() => {
    if (isThere()) return;
    clearInterval(timer);
    onGone();
  }, WATCH_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function parentOf(pid) {
  if (process.platform !== "linux") return Number(ps(pid, "ppid="));
  const stat = readProc(pid, "stat");
  return Number(
    stat
      .slice(stat.lastIndexOf(")") + 1)
      .trim()
      .split(" ")[1] ?? 0,
  );
}

function commandOf(pid) {
  return process.platform === "linux" ? readProc(pid, "cmdline").replaceAll("\0", " ") : ps(pid, "args=");
}

// A process that is gone reads as nothing.
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function ps(pid, column) {
  return spawnSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";
}
