import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { round } from "../figures.ts";
import type { Cost, CpuSeconds } from "./measured.ts";

/** Whose time is told apart. */
export interface Watched {
  readonly worker: () => number | undefined;
  readonly database: number;
}

const TICKS_A_SECOND = 100;

/** Starts to count; the answer tells what was spent since. Linux: reads /proc. */
export function countCpu(watched: Watched): () => CpuSeconds {
  const before = now(watched);
  return () => {
    const after = now(watched);
    const spent = (part: keyof CpuSeconds): number => round(Math.max(0, after[part] - before[part]));
    return {
      worker: spent("worker"),
      queries: spent("queries"),
      databases: spent("databases"),
      generator: spent("generator"),
      others: spent("others"),
    };
  };
}

/** Microseconds of CPU a row, and how much of the machine was neither ours nor idle. */
export function perRow({ seconds, rows, cpu }: Cost): {
  readonly own: number;
  readonly withDatabases: number;
  readonly othersShare: string;
} {
  return {
    own: round((cpu.worker / rows) * 1e6),
    withDatabases: round(((cpu.worker + cpu.databases) / rows) * 1e6),
    othersShare: `${Math.round((100 * cpu.others) / (seconds * availableParallelism()))} %`,
  };
}

/** One line a stretch: CPU seconds by who spent them, and the share of the machine that was not ours. */
export function costTable(costs: readonly Cost[]): Record<string, object> {
  return Object.fromEntries(
    costs.map((cost) => {
      const { what, seconds, cpu } = cost;
      const { own, withDatabases, othersShare } = perRow(cost);
      return [
        what,
        {
          "wall s": round(seconds),
          "worker CPU s": cpu.worker,
          "µs a row": own,
          "with databases": withDatabases,
          queries: cpu.queries,
          databases: cpu.databases,
          generator: cpu.generator,
          others: cpu.others,
          "others' share": othersShare,
        },
      ];
    }),
  );
}

/** The server process that a connection's backend belongs to. */
export function parentOf(pid: number): number {
  const parent = processes().get(pid)?.parent;
  if (parent === undefined) throw new Error(`process ${pid} is gone`);
  return parent;
}

interface ProcessTimes {
  readonly parent: number;
  readonly own: number;
  /** Of children that ended and were waited for. */
  readonly ended: number;
}

function now(watched: Watched): CpuSeconds {
  const all = processes();
  const workerPid = watched.worker();
  const worker = workerPid === undefined ? 0 : (all.get(workerPid)?.own ?? 0);
  const workerTree = workerPid === undefined ? 0 : treeSeconds(all, workerPid);
  const databases = treeSeconds(all, watched.database);
  const { user, system } = process.cpuUsage();
  const generator = (user + system) / 1e6;
  const queries = workerTree - worker;
  return { worker, queries, databases, generator, others: busySeconds() - worker - queries - databases - generator };
}

function processes(): Map<number, ProcessTimes> {
  const found = new Map<number, ProcessTimes>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat !== null) found.set(pid, stat);
  }
  return found;
}

function readStat(pid: number): ProcessTimes | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null; // it ended since the folder was listed
  }
  // The name in brackets may hold anything: fields are counted from behind it (proc_pid_stat(5)).
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
    (at) => fields[at],
  );
  return { parent, own: (user + system) / TICKS_A_SECOND, ended: (endedUser + endedSystem) / TICKS_A_SECOND };
}

function treeSeconds(all: ReadonlyMap<number, ProcessTimes>, root: number): number {
  const children = Map.groupBy(all.keys(), (pid) => all.get(pid)?.parent ?? 0);
  const sum = (pid: number): number => {
    const { own, ended } = all.get(pid) ?? { own: 0, ended: 0 };
    return own + ended + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  };
  return sum(root);
}

/** Of all processors together; waiting for disks is not work. */
function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    readFileSync("/proc/stat", "utf8").split("\n")[0] ?? ""
  )
    .replace(/^cpu\s+/, "")
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_A_SECOND;
}
