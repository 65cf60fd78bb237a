import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const LIMIT_SECONDS = 300;

/**
 * Seconds Dagster takes for the same graph in one process, its own store on disk; words where it failed. Dagster is not on
 * npm: null where `python3` cannot import it.
 */
export async function dagsterSeconds(
  graph: readonly { readonly name: string; readonly inputs: readonly string[] }[],
): Promise<number | string | null> {
  const env = { ...process.env, DAGSTER_DISABLE_TELEMETRY: "yes" };
  try {
    execFileSync("python3", ["-c", "import dagster"], { stdio: "pipe", env });
  } catch {
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), "nova-bench-dagster-"));
  try {
    const plan = join(folder, "graph.json");
    await writeFile(plan, JSON.stringify(graph.map(({ name, inputs }) => [short(name), inputs.map(short)])));
    const script = new URL("./dagster_peer.py", import.meta.url).pathname;
    const { stdout } = await promisify(execFile)("python3", [script, folder, plan], {
      timeout: LIMIT_SECONDS * 1_000,
      maxBuffer: 256 * 1024 * 1024,
      env,
    });
    return Number(stdout.trim().split("\n").at(-1));
  } catch (error) {
    const { killed, stderr } = error as { killed?: boolean; stderr?: string };
    return killed === true ? `> ${LIMIT_SECONDS} s` : `failed: ${(stderr ?? String(error)).trim().split("\n").at(-1)}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Dagster's names have no dots. */
function short(name: string): string {
  return name.replace(".", "_");
}
