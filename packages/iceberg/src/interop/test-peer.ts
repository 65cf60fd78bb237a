import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import type { JdbcTestLakehouse } from "../test-jdbc-lakehouse.ts";

/** The name under which PyIceberg finds our catalog. */
export const PEER_CATALOG = "nova";

/** PyIceberg is not on npm: what runs where `python3` can import it says with this where it cannot; null where it can. */
export const pyicebergMissing = ((): string | null => {
  try {
    execFileSync("python3", ["-c", "import pyiceberg.catalog.sql, pyiceberg_core, pyarrow, psycopg2"], {
      stdio: "pipe",
    });
    return null;
  } catch {
    return 'python3 cannot import pyiceberg; pip install "pyiceberg[sql-postgres,pyarrow,pyiceberg-core]" and put that python3 on PATH';
  }
})();

/** Has a script in Python do something to `interop.<table>` of the lakehouse; gives what it printed as JSON. */
export async function askPeer<T>(
  script: URL,
  { url, folder }: Pick<JdbcTestLakehouse, "url" | "folder">,
  table: string,
  command: string,
  argument = "",
): Promise<T> {
  const uri = url.replace(/^postgres(ql)?:/, "postgresql+psycopg2:");
  const args = [script.pathname, uri, `file://${folder}`, `interop.${table}`, command, argument];
  const { stdout } = await promisify(execFile)("python3", args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as T;
}
