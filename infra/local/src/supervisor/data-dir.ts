import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { leftoverServerPid } from "../postgres/prepare-cluster.ts";
import { commandLineOf, isAlive, killGroup, signalProcess, startMarkOf, waitUntilGone } from "./processes.ts";
import { readRunFile } from "./run-file.ts";

const MARKER = "nova-data.json";
const LOCK = "supervisor.pid";
const STOP_WITHIN_MS = 15_000;

const lockSchema = z.object({ pid: z.int().positive(), mark: z.string() });

/** The person can do something about it, and the message says what. */
export class DataDirRefused extends Error {}

export const clusterFolder = (dataDir: string): string => join(dataDir, "postgres");

/**
 * Takes the data folder for this process alone: refuses a folder that is not ours or is in use, stops what a crashed
 * run left behind, and empties it first when `fresh`. Returns the function that gives it back.
 */
export async function claimDataDir(
  dataDir: string,
  { fresh, say }: { readonly fresh: boolean; readonly say: (line: string) => void },
): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  const entries = await readdir(dataDir);
  if (entries.length > 0 && !entries.includes(MARKER)) {
    throw new DataDirRefused(`${dataDir} holds other files than NovaRetail's: choose an empty folder for --data-dir`);
  }
  await writeFile(join(dataDir, MARKER), `${JSON.stringify({ product: "nova-platform", format: 1 })}\n`);
  await takeLock(dataDir);
  await stopLeftovers(dataDir, say);
  if (fresh) await empty(dataDir);
  return async () => {
    await rm(join(dataDir, "run.json"), { force: true });
    await rm(join(dataDir, LOCK), { force: true });
  };
}

async function takeLock(dataDir: string): Promise<void> {
  const path = join(dataDir, LOCK);
  const mine = JSON.stringify({ pid: process.pid, mark: await startMarkOf(process.pid) });
  for (;;) {
    const taken = await writeFile(path, mine, { flag: "wx" }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    if (taken) return;
    const holder = parseLock(await readFile(path, "utf8").catch(() => ""));
    if (holder !== undefined && (await startMarkOf(holder.pid)) === holder.mark) {
      const run = await readRunFile(dataDir);
      const where = run === undefined ? "it is still starting" : `open ${run.urls.portal}`;
      throw new DataDirRefused(
        `NovaRetail already runs on ${dataDir} (pid ${holder.pid}): ${where}; stop it with: kill ${holder.pid}, or choose another --data-dir`,
      );
    }
    await rm(path, { force: true });
  }
}

// A lock that cannot be read was cut short by a crash.
function parseLock(text: string): z.infer<typeof lockSchema> | undefined {
  try {
    return lockSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function stopLeftovers(dataDir: string, say: (line: string) => void): Promise<void> {
  const run = await readRunFile(dataDir);
  const parts = (run?.parts ?? []).toReversed();
  for (const { name, pid, mark } of parts) {
    if (pid === undefined || mark === "" || (await startMarkOf(pid)) !== mark) continue;
    say(`stopping ${name} (pid ${pid}), left behind by a run that crashed`);
    // PostgreSQL shuts down fast on SIGINT; on SIGTERM it would wait for its clients.
    await stopProcess(pid, name === "postgres" ? "SIGINT" : "SIGTERM");
  }
  const folder = clusterFolder(dataDir);
  const server = await leftoverServerPid(folder);
  if (server === undefined) return;
  if ((await isAlive(server)) && (await commandLineOf(server)).includes(folder)) {
    say(`stopping PostgreSQL (pid ${server}), left behind by a run that crashed`);
    await stopProcess(server, "SIGINT");
  }
  // PostgreSQL itself removes it in an orderly stop; after a crash the pid in it may be somebody else's by now.
  await rm(join(folder, "postmaster.pid"), { force: true });
}

async function stopProcess(pid: number, signal: NodeJS.Signals): Promise<void> {
  signalProcess(pid, signal);
  if (await waitUntilGone(pid, STOP_WITHIN_MS)) return;
  killGroup(pid);
  await waitUntilGone(pid, STOP_WITHIN_MS);
}

async function empty(dataDir: string): Promise<void> {
  const kept = new Set([MARKER, LOCK]);
  for (const entry of await readdir(dataDir)) {
    if (!kept.has(entry)) await rm(join(dataDir, entry), { recursive: true, force: true });
  }
}
