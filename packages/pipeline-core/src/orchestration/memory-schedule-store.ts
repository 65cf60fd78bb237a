import type { DatasetName } from "../catalog/index.ts";
import { PlatformError } from "../kernel/index.ts";
import type { ScheduleStore, StoredSchedule } from "./scheduling.ts";

interface Row extends StoredSchedule {
  readonly declared: boolean;
  readonly runId: string | null;
}

export function memoryScheduleStore(lease: () => bigint): ScheduleStore {
  const rows = new Map<DatasetName, Row>();
  const change = (epoch: bigint, dataset: DatasetName, to: (row: Row) => Partial<Row>): void => {
    if (epoch !== lease()) throw new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
    const row = rows.get(dataset);
    if (row !== undefined) rows.set(dataset, { ...row, ...to(row) });
  };
  return {
    async declare(epoch, declared, at) {
      for (const dataset of rows.keys()) change(epoch, dataset, () => ({ declared: false }));
      for (const { dataset, cron, zone } of declared) {
        if (!rows.has(dataset))
          rows.set(dataset, { dataset, cron, zone, declared: true, handledThrough: null, pause: null, runId: null });
        change(epoch, dataset, (row) => {
          const changed = row.handledThrough !== null && (row.cron !== cron || row.zone !== zone);
          return { declared: true, cron, zone, handledThrough: changed ? at : row.handledThrough };
        });
      }
      return [...rows.values()].flatMap(({ declared: followed, runId: _run, ...stored }) => (followed ? [stored] : []));
    },
    async begin(epoch, datasets, runId) {
      for (const dataset of datasets) change(epoch, dataset, () => ({ runId }));
    },
    async settle(epoch, dataset, through) {
      change(epoch, dataset, (row) => ({
        handledThrough: row.handledThrough !== null && row.handledThrough > through ? row.handledThrough : through,
      }));
    },
    async pause(_tx, epoch, dataset, pause) {
      change(epoch, dataset, (row) => ({ pause: row.pause ?? pause }));
    },
    async resume(_tx, epoch, dataset, at) {
      change(epoch, dataset, (row) => ({ pause: null, handledThrough: row.handledThrough === null ? null : at }));
    },
  };
}
