import { execFile } from "node:child_process";
import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const MIB = 1024 ** 2;

/** A file system of a few MiB, so that a full disk is a real one and not the machine's. */
export interface SmallDisk {
  /** Takes all that is left. */
  fill(): Promise<void>;
  free(): Promise<void>;
  unmount(): Promise<void>;
}

/** Mounts memory as a disk over `folder`. Null where that is not allowed (not root): then nothing can be filled. */
export async function mountSmallDisk(folder: string, mebibytes: number): Promise<SmallDisk | null> {
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0777`, "nova-chaos", folder]);
  } catch {
    return null;
  }
  const filler = join(folder, "filler");
  return {
    async fill() {
      const file = await open(filler, "w");
      try {
        const { bavail, bsize } = await statfs(folder);
        // More than there is, in pieces that get smaller: the last page is taken as well.
        for (let size = MIB; size >= 4096; size /= 2) {
          const piece = Buffer.alloc(size);
          for (let number = 0; number < (bavail * bsize) / size + 1; number += 1) {
            if (
              !(await file.write(piece).then(
                () => true,
                () => false,
              ))
            )
              break;
          }
        }
      } finally {
        await file.close();
      }
    },
    free: () => rm(filler, { force: true }),
    async unmount() {
      await run("umount", ["-l", folder]);
    },
  };
}
