import { setTimeout as sleep } from "node:timers/promises";
import type { CaptureHost, Connector, SourceId, StreamSchema } from "@nova/pipeline-core/connectors";
import { emptyEnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import { committedSegment, segmentEndPosition, type Spool, type SpoolSegment } from "../spool/index.ts";
import { replayRefused } from "./replay-refused.ts";

export interface LogConnectorOptions {
  readonly source: SourceId;
  readonly spool: Spool;
  /** Pause between commits in milliseconds. */
  readonly commitEveryMillis: number;
  readonly schemas: readonly Omit<StreamSchema, "version">[];
}

/** Moves what the spool holds into raw. The engine reads the segment files itself: no line is parsed here again. */
export function logConnector(options: LogConnectorOptions): Connector {
  return {
    source: options.source,
    kind: "logs",
    async run(host, signal) {
      if (options.schemas.length > 0) {
        const streams = await host.saveStreamSchemas(options.schemas);
        for (const record of streams)
          if (record.state !== "streaming") await host.setStreamState(record.stream, "streaming");
      }
      // A commit whose answer was lost may have left its segments behind.
      await options.spool.remove(committedSegment(await host.position()));
      await host.setState("streaming");
      while (!signal.aborted) {
        // Whatever is acknowledged from here on may be missing from this commit.
        const through = host.clock.now();
        const commit = async (): Promise<void> => load(host, options, await options.spool.seal());
        await commit();
        for (const request of await host.requests()) {
          if (request.action === "replay") await replayRefused(host, options, request, commit);
        }
        host.observeLag({ bytes: options.spool.waitingBytes });
        await host.dataThrough(through);
        await sleep(options.commitEveryMillis, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

async function load(host: CaptureHost, options: LogConnectorOptions, segments: readonly SpoolSegment[]): Promise<void> {
  const last = segments.at(-1);
  if (last === undefined) return;
  const batchIds = segments.flatMap((segment) => segment.batchIds);
  const filled = segments.filter((segment) => segment.rows > 0);
  const rows = filled.reduce((sum, segment) => sum + segment.rows, 0);
  await host.commit({
    // Batches of which nothing was taken leave their ids only.
    input:
      rows === 0
        ? { from: "columns", columns: emptyEnvelopeColumns() }
        : { from: "spool", files: filled.map((segment) => segment.file) },
    counts: rows === 0 ? [] : [{ stream: "events", rows, lastEventAt: last.lastAt }],
    bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
    position: segmentEndPosition(last.number),
    within: (tx) => host.deliveries.claim(tx, options.source, batchIds, host.clock.now()),
  });
  await options.spool.remove(last.number);
}
