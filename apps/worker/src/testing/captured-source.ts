import { randomBytes } from "node:crypto";
import { openTestLake, readRows } from "@nova/engines/duckdb/testing";
import {
  type Connector,
  type Reconciliation,
  type StreamAction,
  stagedDatasetName,
} from "@nova/pipeline-core/connectors";
import {
  memoryDeliveryLedger,
  memoryQuarantine,
  memoryReconciliationStore,
  memorySourceStore,
  memoryStreamRequests,
} from "@nova/pipeline-core/connectors/testing";
import { type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import type { EnvelopeBatch } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { runReconciliations } from "../capture/run-reconciliations.ts";
import { runSource } from "../capture/run-source.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const clock = { now: () => new Date() };

/** A source that is captured into a real lake, loaded to its datasets as the pipelines do, and compared on demand. */
export interface CapturedSource {
  readonly engine: LakeEngine;
  readonly sources: ReturnType<typeof memorySourceStore>;
  readonly requests: ReturnType<typeof memoryStreamRequests>;
  readonly deliveries: ReturnType<typeof memoryDeliveryLedger>;
  /** Rows that could not be loaded. */
  readonly refused: string[];
  rows(stream: string, select: string, tail?: string): Promise<unknown[][]>;
  compare(stream: string, repair: boolean): Promise<Reconciliation>;
  /** Every stream at once; by stream. */
  compareAll(repair: boolean): Promise<Reconciliation[]>;
  /** Asks as a person would; ends when it is settled. */
  ask(stream: string, action: StreamAction): Promise<string>;
  /** Puts rows into raw that the source never told. */
  say(batch: EnvelopeBatch): Promise<void>;
  close(): Promise<void>;
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function captureSource(connector: Connector, rowsPerRange: number): Promise<CapturedSource> {
  const { source, kind } = connector;
  const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
  const stopper = new AbortController();
  const sources = memorySourceStore();
  const requests = memoryStreamRequests(sources, { clock, ids });
  const reconciliations = memoryReconciliationStore(sources, { clock, ids });
  const engine = await openTestLake({ clock });
  const refused: string[] = [];
  const deliveries = memoryDeliveryLedger();
  const quarantine = memoryQuarantine();
  let through: Date | null = null;
  await sources.registerSource({ id: source, kind, configured: true });
  const deps = {
    rawStore: engine.rawStore,
    sources,
    quarantine,
    requests,
    deliveries,
    epoch: 1n,
    clock,
    ids,
    logger: silent,
    piiTag: () => "none" as const,
    needs: () => false,
    onCommitted: () => undefined,
  };

  /** Brings what is in raw to the datasets, as the pipelines do. */
  const load = async (): Promise<void> => {
    let from: string | null = null;
    while (!stopper.signal.aborted) {
      const at = await sources.dataThrough(source);
      const delta = await engine.openDelta({ source, from, only: null, except: [], maxRows: 1e6 });
      if (delta !== null) {
        for (const { stream, schema } of await sources.streams(source)) {
          if (!delta.streams.some((each) => each.stream === stream)) continue;
          await engine.loadStaged({
            delta,
            dataset: stagedDatasetName(source, stream),
            schema,
            kind: "merge",
            within: async () => undefined,
            async onRefused(rows) {
              refused.push(...rows.map(({ detail }) => detail));
              const receivedAt = clock.now();
              await quarantine.add(
                rows.map((row) => ({ ...row, source, stream, reason: "type-mismatch", receivedAt })),
              );
            },
          });
        }
        from = delta.to;
      }
      await delta?.close();
      if (delta === null || !delta.more) through = at;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const side = connector.comparison ?? connector.rows;
  if (side === undefined) throw new Error(`${source} cannot be compared`);
  const running = [
    runSource(connector, deps, Math.random, stopper.signal),
    load(),
    runReconciliations(
      source,
      side,
      {
        ...deps,
        reconciliations,
        lake: engine.comparison,
        dataThrough: async () => through,
        everyMillis: null,
        rowsPerRange,
      },
      stopper.signal,
    ),
  ];
  const ended = async (id: string): Promise<Reconciliation> => {
    let found: Reconciliation | null = null;
    await until("the comparison", async () => (found = await reconciliations.find(id))?.outcome !== null);
    if (found === null) throw new Error("the comparison is gone");
    return found;
  };
  return {
    engine,
    sources,
    requests,
    deliveries,
    refused,
    async rows(stream, select, tail) {
      const dataset = stagedDatasetName(source, stream);
      if ((await engine.snapshots([dataset])).get(dataset) === null) return [];
      return readRows(engine, dataset, select, tail);
    },
    async compare(stream, repair) {
      const { id } = await reconciliations.ask({ source, stream, repair, requestedBy: "ana" });
      return ended(id);
    },
    async compareAll(repair) {
      const { asked } = await reconciliations.askAll({ source, repair, requestedBy: "ana" });
      return Promise.all(asked.map(({ id }) => ended(id)));
    },
    async ask(stream, action) {
      const { id } = await requests.ask({ source, stream, action, requestedBy: "ana" });
      await until(`${action} of ${stream}`, async () => requests.settled.has(id));
      return requests.settled.get(id)?.message ?? "";
    },
    async say({ columns }) {
      await engine.rawStore.append({
        source,
        input: { from: "columns", columns },
        batchId: "never-said",
        ingestedAt: clock.now(),
        within: async () => undefined,
        position: "never-said",
      });
    },
    async close() {
      stopper.abort();
      await Promise.all(running);
      await engine.close();
    },
  };
}
