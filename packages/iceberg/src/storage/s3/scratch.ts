import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { IcebergError } from "../../errors.ts";
import type { LocalLease } from "../storage.ts";

interface Kept {
  readonly path: string;
  sizeBytes: number;
  leases: number;
  usedAt: number;
  /** The copy is whole; until then it is not evicted. */
  isThere: boolean;
  readonly ready: Promise<void>;
}

/** Opens an object: its size and its bytes. */
export type Fetch = (location: string) => Promise<{ sizeBytes: number; body: Readable }>;

export interface ScratchOptions {
  readonly pathOf: (location: string) => string;
  readonly fetch: Fetch;
  /** Files kept at most, bytes. */
  readonly maxBytes: number;
  /** A lease that nobody released ends after this time. Milliseconds. */
  readonly leaseMs: number;
  /** Downloads at once. */
  readonly parallel: number;
  readonly now: () => number;
}

/** Copies of objects on this machine, for an engine that reads only local files. Bounded; leased files are never evicted. */
export interface Scratch {
  lease(locations: readonly string[]): Promise<LocalLease>;
  /** Takes over a file that the engine wrote and that is uploaded now. */
  adopt(location: string, sizeBytes: number): Promise<void>;
  forget(location: string): Promise<void>;
  has(location: string): boolean;
  readonly bytes: () => number;
}

export function openScratch(options: ScratchOptions): Scratch {
  const kept = new Map<string, Kept>();
  const leases = new Set<{ release(): void; until: number }>();
  let bytes = 0;

  const evict = async (location: string, file: Kept): Promise<void> => {
    kept.delete(location);
    bytes -= file.sizeBytes;
    await rm(file.path, { force: true });
  };
  /**
   * Books space at once, so that two downloads cannot book the same, and evicts the least recently used files that no
   * lease holds. The promise waits for the disk.
   */
  const reserve = async (sizeBytes: number, location: string): Promise<void> => {
    for (const lease of leases) if (lease.until <= options.now()) lease.release();
    const free = [...kept].filter(([, file]) => file.leases === 0 && file.isThere);
    const gone: Promise<void>[] = [];
    for (const [name, file] of free.sort(([, a], [, b]) => a.usedAt - b.usedAt)) {
      if (bytes + sizeBytes <= options.maxBytes) break;
      gone.push(evict(name, file));
    }
    const fits = bytes + sizeBytes <= options.maxBytes;
    if (fits) bytes += sizeBytes;
    await Promise.all(gone);
    if (!fits)
      throw new IcebergError(
        "storage-failed",
        `${location} (${sizeBytes} bytes) does not fit beside the files that running queries read; raise scratchBytes (${options.maxBytes}), narrow the scan, or release scans that are done`,
        { location, sizeBytes, scratchBytes: options.maxBytes },
      );
  };

  const download = async (location: string, file: Kept): Promise<void> => {
    const { sizeBytes, body } = await options.fetch(location);
    const part = `${file.path}.${randomUUID()}.part`;
    try {
      await reserve(sizeBytes, location);
      file.sizeBytes = sizeBytes;
      await mkdir(dirname(file.path), { recursive: true });
      await pipeline(body, createWriteStream(part));
      if ((await stat(part)).size !== sizeBytes)
        throw new IcebergError("storage-failed", `${location} arrived incomplete; try again`, { location, sizeBytes });
      await rename(part, file.path);
      file.isThere = true;
    } catch (error) {
      body.destroy();
      await rm(part, { force: true });
      throw error;
    }
  };

  /** Takes a place for the file before anything is awaited, so that two scans download it once. */
  const hold = (location: string, limit: <T>(work: () => Promise<T>) => Promise<T>): Kept => {
    let file = kept.get(location);
    if (!file) {
      const started = Promise.withResolvers<void>();
      const fresh: Kept = {
        path: options.pathOf(location),
        sizeBytes: 0,
        leases: 0,
        usedAt: 0,
        isThere: false,
        ready: started.promise,
      };
      kept.set(location, fresh);
      limit(() => download(location, fresh)).then(started.resolve, (error: unknown) => {
        if (kept.get(location) === fresh) kept.delete(location);
        bytes -= fresh.sizeBytes;
        started.reject(error);
      });
      file = fresh;
    }
    file.leases += 1;
    file.usedAt = options.now();
    return file;
  };
  const limit = atMost(options.parallel);

  return {
    bytes: () => bytes,
    has: (location) => kept.has(location),
    lease: async (locations) => {
      const files = [...new Set(locations)].map((location) => hold(location, limit));
      const lease = {
        until: options.now() + options.leaseMs,
        release: (): void => {
          if (!leases.delete(lease)) return;
          for (const file of files) file.leases -= 1;
        },
      };
      leases.add(lease);
      const arrived = await Promise.allSettled(files.map((file) => file.ready));
      const failed = arrived.find((each) => each.status === "rejected");
      if (failed) {
        lease.release();
        throw failed.reason;
      }
      return lease;
    },
    adopt: async (location, sizeBytes) => {
      if (kept.has(location)) return;
      const path = options.pathOf(location);
      const file = { path, sizeBytes, leases: 0, usedAt: options.now(), isThere: true, ready: Promise.resolve() };
      try {
        await reserve(sizeBytes, location);
      } catch {
        await rm(path, { force: true }); // no room to keep it: it is fetched again when it is read
        return;
      }
      kept.set(location, file);
    },
    forget: async (location) => {
      const file = kept.get(location);
      if (file?.leases === 0 && file.isThere) await evict(location, file);
      else if (!file) await rm(options.pathOf(location), { force: true });
    },
  };
}

/** Runs at most so many pieces of work at once, in the order they came. */
export function atMost(parallel: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= parallel) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
