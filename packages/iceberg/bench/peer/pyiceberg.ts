import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

/** How long the other side may take for one figure. */
const LIMIT_SECONDS = 60;

/** Milliseconds of PyIceberg for a figure, or why there are none. */
export type PeerFigure = (figure: string, source: string, argument?: string) => Promise<number | string>;

/** PyIceberg is not on npm: null where `python3` cannot import it. */
export function pyiceberg(folder: string): PeerFigure | null {
  try {
    execFileSync("python3", ["-c", "import pyiceberg.catalog.sql, pyarrow"], { stdio: "pipe" });
  } catch {
    return null;
  }
  const script = new URL("./pyiceberg_peer.py", import.meta.url).pathname;
  return async (figure, source, argument = "") => {
    try {
      const { stdout } = await promisify(execFile)("python3", [script, figure, folder, source, argument], {
        timeout: LIMIT_SECONDS * 1_000,
      });
      return Number(stdout) * 1_000;
    } catch (error) {
      const { killed, stderr } = error as { killed?: boolean; stderr?: string };
      return killed === true
        ? `> ${LIMIT_SECONDS} s`
        : `failed: ${(stderr ?? String(error)).trim().split("\n").at(-1)}`;
    }
  };
}
