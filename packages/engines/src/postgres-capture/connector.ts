import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { abortable, PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost, Connector, SourceId, StreamRecord } from "@nova/pipeline-core/connectors";
import { emptyEnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import type pg from "pg";
import { postgresComparison } from "./comparison.ts";
import { readTables, type SourceTable, streamSchema } from "./catalog.ts";
import { diagnosePostgres } from "./diagnose.ts";
import { captureFailure } from "./failure.ts";
import { DEFAULT_FLUSH_RULES, type FlushRules } from "./flush-rules.ts";
import { endBefore, formatLsn, parsePosition, positionText } from "./lsn.ts";
import { checkSource, ensurePublication, publishesEverything } from "./publication.ts";
import { createSlot, dropSlot, readSlot, systemIdentity } from "./replication-slot.ts";
import { openReplicationStream } from "./replication-stream.ts";
import { connectSession, dropSession } from "./session.ts";
import { cursorText, parseCursor } from "./snapshot-cursor.ts";
import { isUnread, readSnapshot } from "./snapshot.ts";
import { streamChanges } from "./stream-changes.ts";

export interface PostgresConnectorOptions {
  readonly source: SourceId;
  readonly connectionString: string;
  /** `schema.table` of the tables to capture; null = every table. Only used when the publication has to be made. */
  readonly tables?: readonly string[] | null;
  readonly slot?: string;
  readonly publication?: string;
  readonly flush?: Partial<FlushRules>;
  /** Rows of one snapshot chunk; 100,000 by default. */
  readonly snapshotChunkRows?: number;
  /** Connections that read existing rows at the same time; 2 by default. */
  readonly snapshotConnections?: number;
  /** Tables of more rows are read in ranges of their key, side by side; 500,000 by default. */
  readonly snapshotPartRows?: number;
  /** A folder of its own for rows on their way from COPY to a commit; one among the system's temporary files by default. */
  readonly copyFolder?: string;
}

const SNAPSHOT_CONNECTIONS = 2;
const SNAPSHOT_PART_ROWS = 500_000;
const SNAPSHOT_CHUNK_ROWS = 100_000;
const SNAPSHOT_CHUNK_BYTES = 32 * 1024 * 1024;
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;
/** Making a slot waits for every transaction that is open on the source; beyond this it is said. */
const SLOW_SLOT = 10 * SECOND;

/** Captures a PostgreSQL database: what is there, then every change, through one replication slot. */
export function postgresConnector(options: PostgresConnectorOptions): Connector {
  const slot = options.slot ?? `nova_${options.source}`;
  const publication = options.publication ?? `nova_${options.source}`;

  const run = async (host: CaptureHost, signal: AbortSignal): Promise<void> => {
    const catalog = await connectSession(options.connectionString, "catalog");
    let replication: pg.Client | null = null;
    try {
      const { serverVersion } = await checkSource(catalog);
      await ensurePublication(catalog, publication, options.tables ?? null, serverVersion);
      replication = await connectSession(options.connectionString, "stream");
      const begun = await abortable(beginOrResume(host, { catalog, replication, slot, publication }), signal);
      const unread = begun.streams.filter(isUnread);
      if (unread.length > 0) {
        await host.setState("snapshotting");
        host.logger.info("reading the rows that are there", { source: options.source, streams: unread.length });
        await readSnapshot(
          host,
          {
            connectionString: options.connectionString,
            system: begun.system,
            position: positionText(parsePosition(begun.position).lsn, 0),
            sweep: begun.sweep,
            snapshotName: begun.snapshotName,
            tables: begun.tables,
            streams: begun.streams,
            parallel: options.snapshotConnections ?? SNAPSHOT_CONNECTIONS,
            partRows: options.snapshotPartRows ?? SNAPSHOT_PART_ROWS,
            chunkRows: options.snapshotChunkRows ?? SNAPSHOT_CHUNK_ROWS,
            chunkBytes: SNAPSHOT_CHUNK_BYTES,
            folder: options.copyFolder ?? join(tmpdir(), `nova-copy-${randomUUID()}`),
          },
          signal,
        );
        if (signal.aborted) return;
      }
      const stream = await openReplicationStream(
        replication,
        { slot, publication, maxBufferedBytes: MAX_BUFFERED_BYTES },
        () => host.clock.now(),
      );
      await host.setState("streaming");
      try {
        await streamChanges(
          host,
          {
            stream,
            catalog,
            slot,
            system: begun.system,
            rules: { ...DEFAULT_FLUSH_RULES, ...options.flush },
            connect: () => connectSession(options.connectionString, "again"),
          },
          {
            catalog,
            publication,
            everyTable: await publishesEverything(catalog, publication),
            tables: begun.tables.filter((table) => isStored(table, begun.streams)),
            streams: await host.streams(),
            position: begun.position,
          },
          signal,
        );
      } finally {
        await stream.close();
      }
    } finally {
      // The server may be waiting for others' transactions and answer nothing: its end is not waited for.
      if (replication !== null) dropSession(replication);
      await catalog.end();
    }
  };

  return {
    source: options.source,
    kind: "postgres",
    diagnose: () =>
      diagnosePostgres({
        connectionString: options.connectionString,
        slot,
        publication,
        tables: options.tables ?? null,
      }),
    comparison: postgresComparison({ connectionString: options.connectionString, publication }),
    run: (host, signal) =>
      run(host, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        throw captureFailure(error);
      }),
  };
}

interface Begun {
  readonly system: string;
  readonly position: string;
  readonly snapshotName: string | null;
  /** Where the rows of an earlier capture end that this one reads anew; null when there was none. */
  readonly sweep: string | null;
  readonly tables: readonly SourceTable[];
  readonly streams: readonly StreamRecord[];
}

interface Connections {
  readonly catalog: pg.Client;
  readonly replication: pg.Client;
  readonly slot: string;
  readonly publication: string;
}

async function beginOrResume(host: CaptureHost, connections: Connections): Promise<Begun> {
  const system = await systemIdentity(connections.replication);
  const position = await host.position();
  return position === null ? begin(host, connections, system) : resume(host, connections, system, position);
}

/** First contact. A slot without a stored position is what a start left behind that never got to its first commit. */
async function begin(
  host: CaptureHost,
  { catalog, replication, slot, publication }: Connections,
  system: string,
): Promise<Begun> {
  await dropSlot(catalog, slot);
  const slow = setTimeout(() => {
    host.logger.warn("making the replication slot waits for transactions that are open on the source", { slot });
  }, SLOW_SLOT);
  const created = await createSlot(replication, slot).finally(() => clearTimeout(slow));
  const tables = await readTables(catalog, publication);
  const before = await host.streams();
  const streams = await host.saveStreamSchemas(tables.map((table) => streamSchema(table, host.piiRule)));
  const position = positionText(created.consistentLsn, 0);
  await host.commit({
    input: { from: "columns", columns: emptyEnvelopeColumns() },
    counts: [],
    bytes: 0,
    position,
    progress: tables.map((table) => ({
      stream: table.stream,
      state: "waiting",
      rowsRead: 0,
      rowsExpected: table.estimatedRows,
      cursor: cursorText(system, null),
    })),
  });
  const sweep = before.length === 0 ? null : endBefore(created.consistentLsn);
  return { system, position, snapshotName: created.snapshotName, sweep, tables, streams };
}

async function resume(
  host: CaptureHost,
  { catalog, slot, publication }: Connections,
  system: string,
  position: string,
): Promise<Begun> {
  const before = await host.streams();
  const foreign = before.find((record) => record.cursor !== null && parseCursor(record.cursor).system !== system);
  if (foreign !== undefined) {
    throw new PlatformError(
      "slot-lost",
      "this is not the database cluster that was captured before: it was restored or replaced",
    );
  }
  const state = await readSlot(catalog, slot);
  const { lsn } = parsePosition(position);
  if (state === null)
    throw new PlatformError(
      "slot-lost",
      `the replication slot ${slot} is gone; changes after ${formatLsn(lsn)} cannot be read`,
    );
  if (state.walStatus === "lost" || state.invalidationReason !== null) {
    throw new PlatformError(
      "slot-lost",
      `the replication slot ${slot} was invalidated (${state.invalidationReason ?? "its log was removed"})`,
    );
  }
  // The server is only told of places that are stored, so a slot that is further was moved or made anew by someone else.
  if (state.confirmedLsn !== null && state.confirmedLsn > lsn) {
    throw new PlatformError(
      "slot-lost",
      `the replication slot ${slot} stands at ${formatLsn(state.confirmedLsn)}, behind the stored ${formatLsn(lsn)}: changes between them are gone`,
    );
  }
  const tables = await readTables(catalog, publication);
  const stored = new Set(before.map((record) => record.stream));
  const stillReading = before.some(isUnread);
  // Changed shapes of known tables wait for the stream, which says at which place they changed.
  const unread = new Set(before.filter(isUnread).map((record) => record.stream));
  const fitting = tables.filter(
    (table) => !stored.has(table.stream) || unread.has(table.stream) || isStored(table, before),
  );
  const streams = await host.saveStreamSchemas(fitting.map((table) => streamSchema(table, host.piiRule)));
  const added = streams.filter((record) => !stored.has(record.stream));
  if (!stillReading && (await publishesEverything(catalog, publication))) {
    // Made while we were away, so every row of it is in the log behind the slot.
    for (const record of added) if (record.state === "waiting") await host.setStreamState(record.stream, "streaming");
  }
  const known = await host.streams();
  return { system, position, snapshotName: null, sweep: null, tables, streams: known };
}

/** Whether the stored schema says of the table what its catalog says. */
function isStored(table: SourceTable, streams: readonly StreamRecord[]): boolean {
  const record = streams.find((each) => each.stream === table.stream);
  if (record === undefined) return false;
  const now = [table.key, table.columns.map((column) => [column.name, column.sourceType])];
  const then = [record.schema.key, record.schema.columns.map((column) => [column.name, column.sourceType])];
  return JSON.stringify(now) === JSON.stringify(then);
}
