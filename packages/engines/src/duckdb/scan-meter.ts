import { AsyncLocalStorage } from "node:async_hooks";
import type { EngineRead, FileRead, Table } from "@nova/iceberg";
import {
  addScanned,
  NOTHING_SCANNED,
  oneQuery,
  type Scanned,
  type ScanMeter,
  type StatementTag,
  tagComment,
} from "@nova/pipeline-core/lakehouse";

/** What one query reads at most: bytes by column of each file, so that nothing counts twice however often it is named. */
interface QueryReads {
  readonly files: Map<string, Omit<FileRead, "path">>;
  /** Columns that are read of the tables at these locations; of others all that were handed to the engine. */
  readonly narrowed: Map<string, ReadonlySet<string>>;
  /** Bytes of reads that this query shares with others. */
  shared: { readonly bytes: number; readonly reads: number };
}

interface HeldReads<Result> {
  readonly result: Result;
  /** The query at hand reads all of it, or these columns only. */
  readonly count: (columns?: readonly string[]) => void;
}

interface Open {
  total: Scanned;
  readonly tag: StatementTag;
}

/** Meters of the engine: who a read belongs to follows from where in the program it happens. */
export interface ScanMeters {
  /** For the lakehouse. */
  onRead(read: EngineRead): void;
  open(tag: StatementTag): ScanMeter;
  /** All that is read within is one query, charged to the meter around it, if any. Not nested: the outer one counts. */
  query<Result>(work: () => Promise<Result>): Promise<Result>;
  /** One query that says what it scanned; `charged: false`: to no meter, its bytes are shared out. */
  measured<Result>(
    work: () => Promise<Result>,
    how?: { readonly charged: boolean },
  ): Promise<{ readonly result: Result; readonly scanned: Scanned }>;
  /** Of this table the query at hand reads these columns only. */
  narrow(table: Pick<Table, "location">, columns: readonly string[]): void;
  /** The query at hand reads this many bytes of something that was read once for several. */
  share(bytes: number): void;
  /** For SQL that is made before anybody knows who runs it, and over which columns: nothing counts until `count` says so. */
  held<Result>(work: () => Promise<Result>): Promise<HeldReads<Result>>;
  /** The statement with the tag of the meter around it in front. */
  tagged(sql: string): string;
}

export function scanMeters(): ScanMeters {
  const meters = new AsyncLocalStorage<Open | undefined>();
  const queries = new AsyncLocalStorage<QueryReads | undefined>();

  async function measured<Result>(
    work: () => Promise<Result>,
    tell: (scanned: Scanned) => void,
  ): Promise<{ result: Result; scanned: Scanned }> {
    const reads = noReads();
    try {
      const result = await queries.run(reads, work);
      return { result, scanned: scannedBy(reads) };
    } finally {
      tell(scannedBy(reads));
    }
  }
  const charge = (scanned: Scanned): void => {
    const meter = meters.getStore();
    if (meter !== undefined) meter.total = addScanned(meter.total, scanned);
  };

  return {
    onRead({ files }) {
      const reads = queries.getStore();
      if (reads !== undefined) for (const file of files()) addFile(reads, file);
    },
    open(tag) {
      const meter: Open = { total: NOTHING_SCANNED, tag };
      return { run: (work) => meters.run(meter, work), total: () => meter.total };
    },
    query: async (work) => (queries.getStore() === undefined ? (await measured(work, charge)).result : work()),
    measured: (work, how) => measured(work, how?.charged === false ? () => undefined : charge),
    narrow({ location }, columns) {
      queries.getStore()?.narrowed.set(location, new Set(columns));
    },
    share(bytes) {
      const reads = queries.getStore();
      if (reads !== undefined) reads.shared = { bytes: reads.shared.bytes + bytes, reads: reads.shared.reads + 1 };
    },
    async held(work) {
      const reads = noReads();
      const result = await queries.run(reads, work);
      return {
        result,
        count(columns) {
          const query = queries.getStore();
          if (query === undefined) return;
          const only = columns === undefined ? undefined : new Set(columns);
          for (const [path, file] of reads.files)
            addFile(query, { path, ...file, columns: narrowedTo(file.columns, only) });
        },
      };
    },
    tagged(sql) {
      const meter = meters.getStore();
      return meter === undefined ? sql : `${tagComment(meter.tag)} ${sql}`;
    },
  };
}

function noReads(): QueryReads {
  return { files: new Map(), narrowed: new Map(), shared: { bytes: 0, reads: 0 } };
}

function addFile({ files }: QueryReads, { path, sizeBytes, columns }: FileRead): void {
  const known = files.get(path);
  if (known === undefined || columns === null) files.set(path, { sizeBytes, columns });
  else if (known.columns !== null) files.set(path, { sizeBytes, columns: new Map([...known.columns, ...columns]) });
}

function scannedBy({ files, narrowed, shared }: QueryReads): Scanned {
  if (files.size === 0 && shared.reads === 0) return NOTHING_SCANNED;
  let bytes = shared.bytes;
  for (const [path, { sizeBytes, columns }] of files) {
    const only = [...narrowed].find(([location]) => path.startsWith(`${location}/`))?.[1];
    const read = narrowedTo(columns, only);
    bytes += read === null ? sizeBytes : [...read.values()].reduce((sum, size) => sum + size, 0);
  }
  return oneQuery(Math.round(bytes));
}

/** Position deletes have columns of their own, which nobody narrows. */
const DELETES: ReadonlySet<string> = new Set(["file_path", "pos"]);

function narrowedTo(columns: FileRead["columns"], only: ReadonlySet<string> | undefined): FileRead["columns"] {
  if (columns === null || only === undefined) return columns;
  return new Map([...columns].filter(([name]) => DELETES.has(name) || only.has(name)));
}
