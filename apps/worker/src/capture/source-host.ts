import type { Clock, IdSource, Logger } from "@nova/pipeline-core/kernel";
import type {
  CaptureBatch,
  CaptureHost,
  DeliveryLedger,
  PiiRule,
  Quarantine,
  SourceId,
  SourceStore,
  StreamRequests,
} from "@nova/pipeline-core/connectors";
import type { CommitReceipt, RawStore } from "@nova/pipeline-core/lakehouse";
import type { FlowMeter } from "./flow-meter.ts";
import { ownFailures } from "./store-failures.ts";

export interface HostDeps {
  readonly rawStore: RawStore;
  readonly sources: SourceStore;
  readonly quarantine: Quarantine;
  readonly requests: StreamRequests;
  readonly deliveries: DeliveryLedger;
  readonly epoch: bigint;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly piiTag: PiiRule;
  /** Whether anything downstream relies on a column of a stream's dataset. */
  readonly needs: (source: SourceId, stream: string, stagedColumn: string) => boolean;
  /** Called after a commit that brought rows. */
  readonly onCommitted: (source: SourceId) => void;
}

/**
 * The platform as one run of a connector sees it. Rows and the move of the stored position are one transaction, which names
 * the position it starts from. When a commit fails its outcome may be unknown, so every later one of this run fails too:
 * the next run asks for the position again.
 */
export function sourceHost(source: SourceId, deps: HostDeps, flow: FlowMeter): CaptureHost {
  const { rawStore, clock, ids } = deps;
  const sources = ownFailures(deps.sources);
  const quarantine = ownFailures(deps.quarantine);
  const requests = ownFailures(deps.requests);
  let stored: string | null = null;
  let failure: { readonly error: unknown } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const append = async (batch: CaptureBatch): Promise<CommitReceipt> => {
    if (failure !== null) throw failure.error;
    const from = stored;
    try {
      const receipt = await rawStore.append({
        source,
        input: batch.input,
        batchId: ids.next(),
        ingestedAt: clock.now(),
        position: batch.position,
        async within(tx) {
          await sources.advancePosition(tx, { source, epoch: deps.epoch, from, to: batch.position, at: clock.now() });
          for (const progress of batch.progress ?? []) await sources.saveSnapshotProgress(tx, { source, ...progress });
          await batch.within?.(tx);
        },
      });
      stored = batch.position;
      return receipt;
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  const count = async (batch: CaptureBatch, receipt: CommitReceipt): Promise<void> => {
    const times = batch.counts.map((each) => each.lastEventAt?.getTime() ?? 0);
    const newest = times.reduce((left, right) => Math.max(left, right), 0);
    flow.committed(receipt.rows, batch.bytes, newest === 0 ? null : new Date(newest));
    if (batch.counts.length > 0) await sources.countStreamRows(source, batch.counts);
    if (receipt.snapshotId !== null) deps.onCommitted(source);
  };

  return {
    clock,
    ids,
    logger: deps.logger,
    quarantine,
    deliveries: ownFailures(deps.deliveries),
    piiRule: deps.piiTag,
    async position() {
      stored = await sources.position(source);
      return stored;
    },
    commit(batch) {
      const next = last.then(async () => {
        const receipt = await append(batch);
        await count(batch, receipt);
        return receipt;
      });
      last = next.catch(() => undefined);
      return next;
    },
    streams: () => sources.streams(source),
    saveStreamSchemas: (schemas, position = null) =>
      sources.saveStreamSchemas(source, schemas, {
        position,
        needs: (stream, column) => deps.needs(source, stream, column),
      }),
    setState: (state) => sources.setSourceState(source, state),
    setStreamState: (stream, state, error) => sources.setStreamState(source, stream, state, error),
    requests: () => requests.open(source),
    refused: (which) => quarantine.refused(source, which),
    settleRequest: (id, outcome) => requests.settle(id, outcome),
    async dataThrough(at) {
      flow.through(at);
      await sources.setDataThrough(source, at);
    },
    observeLag(lag) {
      flow.holds(lag);
    },
  };
}
