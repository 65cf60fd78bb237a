import { PlatformError } from "../kernel/index.ts";
import type { DatasetName } from "./dataset-name.ts";
import type { DatasetColumn } from "./model.ts";
import type { CatalogEntry, CatalogStore, DatasetCommit, InputProgress } from "./ports.ts";
import type { FreshnessState } from "./freshness.ts";

interface MemoryDataset {
  entry: CatalogEntry;
  commit: DatasetCommit | null;
  dataThrough: Date | null;
  nullRates: Map<string, number | null>;
}

export interface MemoryCatalogStore extends CatalogStore {
  readonly datasets: ReadonlyMap<DatasetName, Readonly<MemoryDataset>>;
  readonly freshness: readonly { dataset: DatasetName; at: Date; state: FreshnessState }[];
}

/** `holds` says whether an epoch is the worker's lease; without it every epoch is. */
export function memoryCatalogStore(holds: (epoch: bigint) => boolean = () => true): MemoryCatalogStore {
  const datasets = new Map<DatasetName, MemoryDataset>();
  const progress = new Map<string, InputProgress>();
  const freshness: { dataset: DatasetName; at: Date; state: FreshnessState }[] = [];
  const datasetOf = (name: DatasetName): MemoryDataset => {
    const dataset = datasets.get(name);
    if (dataset === undefined) throw new PlatformError("not-found", `dataset ${name} is not in the catalog`);
    return dataset;
  };
  const move = (
    epoch: bigint,
    moves: readonly { dataset: DatasetName; input: string; from: string | null; to: string }[],
  ): void => {
    if (!holds(epoch)) throw new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
    for (const { dataset, input, from } of moves) {
      const stored = progress.get(`${dataset}<${input}`);
      if (stored === undefined || stored.consumedSnapshot !== from)
        throw new PlatformError(
          "stale-writer",
          `${dataset} stands at ${stored?.consumedSnapshot} of ${input}, not at ${from}`,
        );
    }
    for (const { dataset, input, to } of moves)
      progress.set(`${dataset}<${input}`, { dataset, input, consumedSnapshot: to });
  };
  const withColumns = (name: DatasetName, columns: readonly DatasetColumn[]): void => {
    const dataset = datasetOf(name);
    dataset.entry = { ...dataset.entry, columns };
  };
  return {
    datasets,
    freshness,
    async saveEntries(entries) {
      for (const entry of entries) {
        datasets.set(entry.name, {
          commit: null,
          dataThrough: null,
          nullRates: new Map(),
          ...datasets.get(entry.name),
          entry,
        });
        for (const row of progress.values())
          if (row.dataset === entry.name && !entry.inputs.includes(row.input))
            progress.delete(`${row.dataset}<${row.input}`);
        for (const input of entry.inputs) {
          const key = `${entry.name}<${input}`;
          if (!progress.has(key)) progress.set(key, { dataset: entry.name, input, consumedSnapshot: null });
        }
      }
    },
    async saveColumns(name, columns) {
      withColumns(name, columns);
    },
    async states() {
      return [...datasets.values()].map(({ entry, commit, dataThrough }) => ({
        name: entry.name,
        snapshotId: commit?.snapshotId ?? null,
        dataThrough,
        committedAt: commit?.committedAt ?? null,
      }));
    },
    async inputs() {
      return [...progress.values()];
    },
    async advanceInputs(_tx, epoch, moves) {
      move(epoch, moves);
    },
    async skipInputs(epoch, moves) {
      move(epoch, moves);
    },
    async recordCommits(commits) {
      for (const commit of commits) {
        const dataset = datasetOf(commit.dataset);
        dataset.commit = { ...commit, snapshotId: commit.snapshotId ?? dataset.commit?.snapshotId ?? null };
      }
    },
    async setDataThrough(through) {
      for (const { dataset: name, at } of through) {
        const dataset = datasetOf(name);
        if (dataset.dataThrough === null || dataset.dataThrough < at) dataset.dataThrough = at;
      }
    },
    async recordFreshness(samples) {
      freshness.push(...samples);
    },
    async saveProfile(name, _at, columns) {
      for (const { name: column, nullRate } of columns) datasetOf(name).nullRates.set(column, nullRate);
    },
  };
}
