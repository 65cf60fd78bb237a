import type { Context } from "../context.ts";
import type { ManifestEntry } from "../manifest/data-file.ts";
import type { LocalLease } from "../storage/storage.ts";

/** The files of a plan, data and deletes. */
export function filesOf(planned: readonly { entry: ManifestEntry; deletes: readonly ManifestEntry[] }[]): string[] {
  return planned.flatMap((file) => [file.entry.file.path, ...file.deletes.map((entry) => entry.file.path)]);
}

/** Runs a query over files that are where the engine reads them while it runs. */
export async function withLocalFiles<T>(
  context: Context,
  locations: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const lease = await context.storage.ensureLocal(locations);
  try {
    return await work();
  } finally {
    lease.release();
  }
}

/** Leases of SQL that was handed out, until its reader is done. */
export interface HeldFiles {
  hold(locations: readonly string[]): Promise<LocalLease>;
  /** Lets all of them go. Idempotent. */
  readonly release: () => void;
}

export function heldFiles(context: Context): HeldFiles {
  const leases: LocalLease[] = [];
  return {
    hold: async (locations) => {
      const lease = await context.storage.ensureLocal(locations);
      leases.push(lease);
      return lease;
    },
    release: () => {
      for (const lease of leases.splice(0)) lease.release();
    },
  };
}
