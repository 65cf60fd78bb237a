import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { findBinaries } from "./binaries.ts";
import { chooseServerUser, type ServerUser } from "./server-user.ts";

const run = promisify(execFile);
export const SUPERUSER = "nova";

/** One server for the metadata and the demo order database: logical decoding on, durable, modest in memory. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  wal_level: "logical",
  max_replication_slots: "20",
  max_wal_senders: "20",
  max_connections: "120",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  fsync: "on",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "",
  log_checkpoints: "off",
};

/** How to run the prepared server; `runAs` and the wrapper are as `chooseServerUser` decided. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined;
}

/** Makes the cluster in `folder` unless it is there already, and says how to run it on `port`. Safe to repeat. */
export async function prepareCluster(folder: string, port: number, password: string): Promise<ServerCommand> {
  const binaries = findBinaries();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const user = await chooseServerUser([binaries.postgres, folder]);
  if (!existsSync(join(folder, "PG_VERSION"))) await initialise(binaries.initdb, folder, password, user);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return commandAs(user, binaries.postgres, ["-D", folder, "-p", String(port), ...settings]);
}

async function initialise(
  initdb: string,
  folder: string,
  password: string,
  user: ServerUser | undefined,
): Promise<void> {
  // A start that died in the middle of initdb leaves half a cluster, which initdb refuses to complete.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const passwordFile = join(tmpdir(), `nova-${randomUUID()}`);
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
    const words = [
      `--pgdata=${folder}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      // Built into the server: the machine's own locales do not matter.
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
    ];
    const { command, args, runAs } = commandAs(user, initdb, words);
    await run(command, [...args], { ...runAs, env: { LC_ALL: "C" } });
    await chmod(folder, 0o700);
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    const detail = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : String(cause);
    throw new Error(`PostgreSQL could not make its data folder ${folder}: ${detail}`, { cause });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function commandAs(user: ServerUser | undefined, binary: string, args: readonly string[]): ServerCommand {
  const [wrapper, ...words] = user?.wrapper ?? [];
  if (wrapper !== undefined) return { command: wrapper, args: [...words, binary, ...args], runAs: undefined };
  return { command: binary, args, runAs: user === undefined ? undefined : { uid: user.uid, gid: user.gid } };
}

/** The pid in `postmaster.pid`, when a server that crashed or was left behind wrote one. */
export async function leftoverServerPid(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => undefined);
  const pid = Number(text?.split("\n")[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}
