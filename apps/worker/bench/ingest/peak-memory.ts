import { readFileSync, writeFileSync } from "node:fs";

/** The largest memory of the process so far is forgotten: from here on it is counted anew. Linux: proc_pid_clear_refs(5). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Largest resident memory of the process, MiB; null once it is gone. */
export function peakMiB(pid: number | undefined): number | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return null;
  }
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}
