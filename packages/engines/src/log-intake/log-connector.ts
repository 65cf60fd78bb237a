import { setTimeout as sleep } from "node:timers/promises";
import type { CaptureHost, Connector, SourceId, StreamSchema } from "@nova/pipeline-core/connectors";
import { committedSegment, segmentEndPosition, type Spool, type SpoolSegment } from "../spool/index.ts";

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
        const segments = await options.spool.seal();
        if (segments.length > 0) await load(host, options, segments);
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
  await host.commit({
    input: { from: "spool", files: segments.map((segment) => segment.file) },
    counts: [
      { stream: "events", rows: segments.reduce((sum, segment) => sum + segment.rows, 0), lastEventAt: last.lastAt },
    ],
    bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
    position: segmentEndPosition(last.number),
    within: (tx) => host.deliveries.claim(tx, options.source, batchIds, host.clock.now()),
  });
  await options.spool.remove(last.number);
}
