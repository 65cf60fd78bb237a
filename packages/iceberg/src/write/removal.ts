import type { DataFile } from "../manifest/data-file.ts";
import type { PlannedFile } from "../read/plan-files.ts";

/** Delete files that reach no live data file once `removed` are gone: they go with them. `planned` must be the whole table. */
function danglingDeletes(planned: readonly PlannedFile[], removed: ReadonlySet<string>): DataFile[] {
  const dangling = new Map<string, DataFile>();
  const needed = new Set<string>();
  for (const { entry, deletes } of planned)
    for (const { file } of deletes) {
      if (!removed.has(entry.file.path)) needed.add(file.path);
      else dangling.set(file.path, file);
    }
  return [...dangling.values()].filter((file) => !needed.has(file.path));
}

/** Data files that go, with the delete files that speak of no other. `planned` must be the whole table. */
export function withTheirDeletes(planned: readonly PlannedFile[], removed: ReadonlySet<string>): DataFile[] {
  const gone = planned.filter((file) => removed.has(file.entry.file.path));
  return [...gone.map((file) => file.entry.file), ...danglingDeletes(planned, removed)];
}
