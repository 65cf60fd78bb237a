// What the launchers need to know about other processes, on Linux without `ps` (slim images have none).
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const onLinux = process.platform === "linux";

export function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The pid of the parent; 0 when the process is gone. */
export function parentOf(pid) {
  if (!onLinux) return Number(ps(pid, "ppid="));
  const stat = readProc(pid, "stat");
  return Number(
    stat
      .slice(stat.lastIndexOf(")") + 1)
      .trim()
      .split(" ")[1] ?? 0,
  );
}

/** The command line; "" when the process is gone. */
export function commandOf(pid) {
  return onLinux ? readProc(pid, "cmdline").replaceAll("\0", " ") : ps(pid, "args=");
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
  return spawnSync("ps", ["-ww", "-o", column, "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";
}
