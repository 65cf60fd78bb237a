import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** Fetching and building may take that long on a machine that does other things. */
const BUILD_MINUTES = 30;

/** Those of the commands that this machine does not have. */
export function missing(...commands: readonly string[]): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return commands.filter((command) => !folders.some((folder) => isExecutable(join(folder, command))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a tool that fetches or builds. Throws with the last it said. */
export async function build(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env: { ...process.env, ...env },
      timeout: BUILD_MINUTES * 60_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stderr = "", stdout = "" } = error as { stderr?: string; stdout?: string };
    const said = `${stdout}\n${stderr}`.split("\n").filter((line) => /error|cannot|not |fail/i.test(line));
    throw new Error(`${command} failed: ${said[0] ?? String(error)}`, { cause: error });
  }
}
