import { execFile } from "node:child_process";
import { access, constants, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const USER = "postgres";
const OTHERS_MAY_ENTER = 0o001;

/** How the server's processes are started: PostgreSQL refuses to run as root, so root lends it another user. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  /** Command words that go before the binary; empty unless a folder on the way is closed to that user. */
  readonly wrapper: readonly string[];
}

/** Undefined when we are an ordinary user: then the server simply runs as us. `paths`: what it must be able to reach. */
export async function chooseServerUser(paths: readonly string[]): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = (await lookUp()) ?? (await create());
  const closed = await firstClosedFolder(paths);
  if (closed === undefined) return { uid, gid, wrapper: [] };
  // A clone in /root cannot be entered by others. Rather than opening root's home, the server gets the one
  // capability that lets it pass through folders; the wrapper drops to the user itself.
  const setpriv = await findSetpriv();
  if (setpriv === undefined) {
    throw new Error(
      `PostgreSQL may not run as root, and its user "${USER}" cannot enter ${closed}: move the clone and --data-dir to a folder others may enter, or start as an ordinary user`,
    );
  }
  const wrapper = [
    setpriv,
    `--reuid=${uid}`,
    `--regid=${gid}`,
    "--clear-groups",
    // Without this securebit access(2) asks as the plain user, and initdb would not find its own server.
    "--securebits=+no_setuid_fixup",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
  ];
  return { uid, gid, wrapper };
}

async function lookUp(): Promise<{ uid: number; gid: number } | undefined> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  const fields = passwd
    .split("\n")
    .find((line) => line.startsWith(`${USER}:`))
    ?.split(":");
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

async function create(): Promise<{ uid: number; gid: number }> {
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]);
  } catch (cause) {
    throw new Error(
      `PostgreSQL may not run as root and the user "${USER}" could not be made: start as an ordinary user`,
      { cause },
    );
  }
  const made = await lookUp();
  if (made === undefined) throw new Error(`the user "${USER}" was made but is not in /etc/passwd`);
  return made;
}

async function firstClosedFolder(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
      if (((await stat(folder)).mode & OTHERS_MAY_ENTER) === 0) return folder;
    }
  }
  return undefined;
}

async function findSetpriv(): Promise<string | undefined> {
  for (const path of ["/usr/bin/setpriv", "/bin/setpriv"]) {
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
