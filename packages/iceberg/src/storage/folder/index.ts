import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, readdir, stat, unlink } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { IcebergError } from "../../errors.ts";
import { NO_LEASE, type Storage, type StoredFile } from "../storage.ts";

const code = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;

/**
 * Storage in a local folder. Files become visible by `link`, which refuses an existing name, after the bytes are on
 * the disk; only locations below `root` are touched, so hostile metadata cannot reach other files.
 */
export function folderStorage(root: string): Storage {
  const base = resolve(root.startsWith("file:") ? pathOf(root) : root);
  const known = new Set<string>();

  const pathIn = (location: string): string => {
    const path = resolve(pathOf(location));
    if (path !== base && !path.startsWith(base + sep))
      throw new IcebergError("path-outside-storage", `${location} is outside the storage folder ${base}`, { location });
    return path;
  };
  const ensureFolder = async (folder: string): Promise<void> => {
    if (known.has(folder)) return;
    await mkdir(folder, { recursive: true });
    known.add(folder);
  };

  return {
    normalise: (location) => fileUri(pathIn(location)),
    read: async (location) => {
      try {
        return await readFile(pathIn(location));
      } catch (error) {
        if (error instanceof IcebergError) throw error;
        throw failure("read", location, error);
      }
    },
    create: async (location, bytes) => {
      const path = pathIn(location);
      const temporary = `${path}.${randomUUID()}.tmp`;
      try {
        await ensureFolder(dirname(path));
        const handle = await openNew(temporary, known);
        try {
          await handle.writeFile(bytes);
          await handle.datasync();
        } finally {
          await handle.close();
        }
        try {
          await link(temporary, path);
        } finally {
          await unlink(temporary);
        }
        await syncFolder(dirname(path));
      } catch (error) {
        throw failure("create", location, error);
      }
    },
    prepareFolder: async (location) => ensureFolder(pathIn(location)),
    sync: async (location) => {
      const path = pathIn(location);
      try {
        const handle = await open(path, "r");
        try {
          await handle.datasync();
        } finally {
          await handle.close();
        }
        await syncFolder(dirname(path));
      } catch (error) {
        throw failure("sync", location, error);
      }
    },
    delete: async (location) => {
      try {
        await unlink(pathIn(location));
      } catch (error) {
        if (error instanceof IcebergError) throw error;
        if (code(error) !== "ENOENT") throw failure("delete", location, error);
      }
    },
    list: (prefix) => walk(pathIn(prefix)),
    ensureLocal: async () => NO_LEASE,
    enginePath: (location) => pathIn(location),
    locationOf: (enginePath) => fileUri(pathIn(enginePath)),
  };
}

/** `file:///x`, `file:/x` and `/x` are the same place; percent signs in engine-written names stay as they are. */
function pathOf(location: string): string {
  if (location.startsWith("file:")) {
    const rest = location.replace(/^file:(\/\/)?/, "");
    return rest.startsWith("/") ? rest : fileURLToPath(location);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location))
    throw new IcebergError("path-outside-storage", `${location} is not a local path; use file:// or an absolute path`, {
      location,
    });
  return location;
}

function fileUri(path: string): string {
  // Readers of Iceberg treat locations as opaque strings, so nothing is percent-encoded except on platforms without "/".
  return path.startsWith("/") ? `file://${path}` : pathToFileURL(path).href;
}

async function openNew(path: string, known: Set<string>): ReturnType<typeof open> {
  try {
    return await open(path, "wx");
  } catch (error) {
    if (code(error) !== "ENOENT") throw error;
    known.delete(dirname(path)); // the folder was removed after we had seen it
    await mkdir(dirname(path), { recursive: true });
    return open(path, "wx");
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* walk(folder: string): AsyncIterable<StoredFile> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (code(error) === "ENOENT") return;
    throw failure("list", folder, error);
  }
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) {
      const found = await stat(path).catch((error: unknown) => {
        if (code(error) === "ENOENT") return null; // removed while listing
        throw failure("list", path, error);
      });
      if (found) yield { location: fileUri(path), sizeBytes: found.size, modifiedAt: found.mtimeMs };
    }
  }
}

function failure(verb: string, location: string, error: unknown): IcebergError {
  if (error instanceof IcebergError) return error;
  const reason = code(error);
  if (reason === "ENOENT") return new IcebergError("file-missing", `${location} does not exist`, { location }, error);
  if (reason === "EEXIST") return new IcebergError("file-exists", `${location} exists already`, { location }, error);
  return new IcebergError(
    "storage-failed",
    `cannot ${verb} ${location}: ${(error as Error).message}`,
    { location },
    error,
  );
}
