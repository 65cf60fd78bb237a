import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { RunFile } from "../fixtures/running-platform.ts";

/** Megabytes in memory by part: the worker with its query processes, the portal, PostgreSQL with its backends. */
export type Memory = Readonly<Record<"worker" | "portal" | "postgres", number>>;

/** Shared pages are counted once, divided among those who share them (PSS). Linux only; null elsewhere. */
export function measureMemory({ parts }: RunFile): Memory | null {
  if (!existsSync("/proc/self/smaps_rollup")) return null;
  const children = childrenByParent();
  const of = (name: string): number => {
    const root = parts.find((part) => part.name === name)?.pid;
    if (root === undefined) throw new Error(`run.json names no process of ${name}`);
    return Math.round(familyOf(root, children).reduce((sum, pid) => sum + kilobytesOf(pid), 0) / 1024);
  };
  return { worker: of("worker"), portal: of("portal"), postgres: of("postgres") };
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    const parent = Number(/\) \S (\d+)/.exec(readQuietly(`/proc/${name}/stat`))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function familyOf(pid: number, children: ReadonlyMap<number, readonly number[]>): number[] {
  return [pid, ...(children.get(pid) ?? []).flatMap((child) => familyOf(child, children))];
}

function kilobytesOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readQuietly(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

/** Empty when the process ended while we looked. */
function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
