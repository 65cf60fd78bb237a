import { spawn } from "node:child_process";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { Pool } from "pg";
import { jdbcCatalog } from "./catalogs/jdbc/index.ts";
import { openLakehouse, type Lakehouse } from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";

/** The catalog's name in the crash tests. */
export const CRASH_CATALOG = "crash";
export const FAILPOINTS = [
  "data-files-written",
  "manifests-written",
  "manifest-list-written",
  "metadata-written",
  "within",
  "pointer-swapped",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

/** Where a process dies with SIGKILL: at the `after`-th pass of a failpoint. */
export interface Death {
  readonly failpoint: Failpoint | "none";
  readonly after: number;
}

/** What a process that dies works with. */
export interface CrashProcess {
  readonly lakehouse: Lakehouse;
  readonly connection: DuckDBConnection;
  /** Arguments of its own, as text. */
  readonly args: readonly string[];
  /** Dies here if it is the pass it is to die at. */
  readonly dieAt: (failpoint: Failpoint) => void;
  readonly close: () => Promise<void>;
}

/** Runs `script` with the arguments of `openCrashProcess`; gives its signal or exit code. Throws with its words when it fails. */
export function runCrashing(
  script: URL,
  { url, folder }: { readonly url: string; readonly folder: string },
  { failpoint, after }: Death,
  ...args: readonly (string | number)[]
): Promise<NodeJS.Signals | number | null> {
  return new Promise((resolve, reject) => {
    const given = [script.pathname, url, folder, failpoint, after, ...args].map(String);
    const child = spawn(process.execPath, given, { stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk));
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      code !== 0 && signal === null ? reject(new Error(`${args.join(" ")}: ${complaint}`)) : resolve(signal ?? code),
    );
  });
}

/** The other side of `runCrashing`: a lakehouse on the same catalog and files that dies where it is told to. */
export async function openCrashProcess(): Promise<CrashProcess> {
  const [url, folder, failpoint, after, ...args] = process.argv.slice(2);
  if (url === undefined || folder === undefined) throw new Error("arguments: url, folder, failpoint, after …");
  let passes = 0;
  const dieAt = (name: string): void => {
    if (name !== failpoint) return;
    passes += 1;
    if (passes >= Number(after)) process.kill(process.pid, "SIGKILL");
  };
  const pool = new Pool({ connectionString: url, max: 2 });
  const duckdb = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await duckdb.connect();
  return {
    lakehouse: openLakehouse({
      catalog: jdbcCatalog({ pool, catalogName: CRASH_CATALOG }),
      storage: folderStorage(folder),
      duckdb,
      warehouse: folder,
      failpoint: dieAt,
    }),
    connection,
    args,
    dieAt,
    async close() {
      await pool.end();
      connection.closeSync();
    },
  };
}
