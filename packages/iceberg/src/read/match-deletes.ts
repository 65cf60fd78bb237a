import { CONTENT, partitionKey, type ManifestEntry } from "../manifest/data-file.ts";

/** Reserved ids of a position delete file's columns (spec "Reserved Field IDs"). */
export const DELETE_FILE_PATH_ID = 2_147_483_546;
export const DELETE_POS_ID = 2_147_483_545;

/** Whether a delete file may hold deletes of a data file (spec "Scan Planning"). */
export function deleteReaches(deletes: ManifestEntry, data: ManifestEntry): boolean {
  if (deletes.file.content === CONTENT.equalityDeletes) {
    return (
      data.sequenceNumber < deletes.sequenceNumber &&
      (reachesAll(deletes) || partitionKey(deletes.file) === partitionKey(data.file))
    );
  }
  return (
    data.sequenceNumber <= deletes.sequenceNumber &&
    partitionKey(deletes.file) === partitionKey(data.file) &&
    namesMayInclude(deletes, data.file.path)
  );
}

/** Spec "Scan Planning": an equality delete of an unpartitioned spec (no fields, or only void ones) reaches every file. */
function reachesAll({ file }: ManifestEntry): boolean {
  return file.partition.length === 0 || file.reachesAll === true;
}

function namesMayInclude(deletes: ManifestEntry, path: string): boolean {
  if (deletes.file.referencedDataFile !== undefined) return deletes.file.referencedDataFile === path;
  const { lower, upper } = pathBounds(deletes);
  return (
    (lower === undefined || comparePaths(path, lower) >= 0) && (upper === undefined || comparePaths(path, upper) <= 0)
  );
}

const bounds = new WeakMap<ManifestEntry, { lower: string | undefined; upper: string | undefined }>();

function pathBounds(deletes: ManifestEntry): { lower: string | undefined; upper: string | undefined } {
  let known = bounds.get(deletes);
  if (!known) {
    const find = (pairs: typeof deletes.file.lower): string | undefined =>
      pairs?.find((pair) => pair.key === DELETE_FILE_PATH_ID)?.value.toString("utf8");
    known = { lower: find(deletes.file.lower), upper: find(deletes.file.upper) };
    bounds.set(deletes, known);
  }
  return known;
}

/** Paths order by their UTF-8 bytes, as the bounds of a delete file do; JavaScript's `<` does not beyond U+FFFF. */
export function comparePaths(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}

/** For each data file the delete files that may reach it. Grouped by partition first, so the work is not files × deletes. */
export function matchDeletes(
  data: readonly ManifestEntry[],
  deletes: readonly ManifestEntry[],
): Map<ManifestEntry, ManifestEntry[]> {
  const matches = new Map<ManifestEntry, ManifestEntry[]>();
  if (deletes.length === 0) return matches;
  const byFile = new Map<string, ManifestEntry[]>();
  const byPartition = new Map<string, ManifestEntry[]>();
  const global: ManifestEntry[] = [];
  const push = (map: Map<string, ManifestEntry[]>, key: string, entry: ManifestEntry): void => {
    const list = map.get(key);
    if (list) list.push(entry);
    else map.set(key, [entry]);
  };
  for (const entry of deletes) {
    const only = singleFile(entry);
    if (only !== undefined) push(byFile, only, entry);
    else if (entry.file.content === CONTENT.equalityDeletes && reachesAll(entry)) global.push(entry);
    else push(byPartition, partitionKey(entry.file), entry);
  }
  for (const entry of data) {
    const found = [
      ...(byFile.get(entry.file.path) ?? []),
      ...(byPartition.get(partitionKey(entry.file)) ?? []),
      ...global,
    ].filter((candidate) => deleteReaches(candidate, entry));
    if (found.length > 0) matches.set(entry, found);
  }
  return matches;
}

function singleFile(entry: ManifestEntry): string | undefined {
  if (entry.file.content !== CONTENT.positionDeletes) return undefined;
  if (entry.file.referencedDataFile !== undefined) return entry.file.referencedDataFile;
  const { lower, upper } = pathBounds(entry);
  return lower !== undefined && lower === upper ? lower : undefined;
}
