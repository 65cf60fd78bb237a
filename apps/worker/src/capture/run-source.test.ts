import { describe, expect, test } from "vitest";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { CaptureBatch, CaptureHost, Connector } from "@nova/pipeline-core/connectors";
import {
  memoryDeliveryLedger,
  memoryQuarantine,
  memorySourceStore,
  memoryStreamRequests,
  memoryTransaction,
} from "@nova/pipeline-core/connectors/testing";
import { emptyEnvelopeColumns, envelopeBatch, type RawAppend, type RawStore } from "@nova/pipeline-core/lakehouse";
import { runSource } from "./run-source.ts";
import type { HostDeps } from "./source-host.ts";
import { silentLogger } from "../testing/test-logger.ts";

/** A raw store that keeps what it is given, with the promise of the port: rows and `within`, or nothing. */
function memoryRaw(): RawStore & { readonly appended: RawAppend[]; before: () => void; after: () => void } {
  const store = {
    appended: [] as RawAppend[],
    before() {},
    after() {},
    async append(batch: RawAppend) {
      store.before();
      await batch.within(memoryTransaction);
      store.appended.push(batch);
      store.after();
      const rows = batch.input.from === "columns" ? batch.input.columns.op.length : 0;
      return {
        dataset: `raw.${batch.source}`,
        snapshotId: rows === 0 ? null : "1",
        rows,
        bytes: 1,
        committedAt: new Date(),
      };
    },
  };
  return store;
}

async function setUp() {
  const sources = memorySourceStore();
  const quarantine = memoryQuarantine();
  await sources.registerSource({ id: "stripe", kind: "stripe", configured: true });
  const rawStore = memoryRaw();
  const committed: string[] = [];
  let next = 0;
  const clock = { now: () => new Date() };
  const requests = memoryStreamRequests(sources, { clock, ids: { next: () => `request-${(next += 1)}` } });
  const deps: HostDeps = {
    rawStore,
    sources,
    quarantine,
    requests,
    deliveries: memoryDeliveryLedger(),
    epoch: 1n,
    clock,
    ids: { next: () => `batch-${(next += 1)}` },
    logger: silentLogger,
    piiTag: () => "none",
    needs: () => false,
    onCommitted: (source) => committed.push(source),
  };
  return { deps, sources, rawStore, committed, requests };
}

const batch = (position: string): CaptureBatch => {
  const rows = envelopeBatch();
  rows.add("charge", "c", "{}", "{}", null, 1_700_000_000_000_000n, position, 1);
  return { input: { from: "columns", columns: rows.columns }, counts: rows.counts(), bytes: 10, position };
};

const connector = (run: (host: CaptureHost, signal: AbortSignal) => Promise<void>): Connector => ({
  source: "stripe",
  kind: "stripe",
  run,
});
/** No wait between tries: the share of the backoff is its smallest. */
const eager = (): number => 0;

describe("a running source", () => {
  test("commits rows and position together, and tells who waits for them", async () => {
    const { deps, sources, rawStore, committed } = await setUp();
    const stopper = new AbortController();
    await runSource(
      connector(async (host) => {
        await host.saveStreamSchemas([{ stream: "charge", columns: [], key: ["id"], description: "" }]);
        expect(await host.position()).toBeNull();
        await host.commit(batch("1"));
        await host.commit({
          input: { from: "columns", columns: emptyEnvelopeColumns() },
          counts: [],
          bytes: 0,
          position: "2",
        });
        await host.dataThrough(new Date(0));
        stopper.abort();
      }),
      deps,
      eager,
      stopper.signal,
    );
    expect(sources.sources.get("stripe")).toMatchObject({ position: "2", dataThrough: new Date(0) });
    expect(rawStore.appended.map((each) => each.position)).toEqual(["1", "2"]);
    expect(committed).toEqual(["stripe"]);
    expect(sources.counted.get("stripe/charge")).toBe(1);
    expect(sources.flow.at(-1)).toMatchObject({
      source: "stripe",
      rows: 1,
      bytes: 10,
      lastEventAt: new Date(1_700_000_000_000),
    });
  });

  test("that fails is tried again, and says so meanwhile", async () => {
    const { deps, sources } = await setUp();
    const stopper = new AbortController();
    const seen: (string | undefined)[] = [];
    let tries = 0;
    await runSource(
      connector(async (host) => {
        seen.push(sources.sources.get("stripe")?.state);
        tries += 1;
        if (tries < 3) throw new PlatformError("source-unreachable", "away");
        await host.setState("streaming");
        stopper.abort();
      }),
      deps,
      eager,
      stopper.signal,
    );
    expect(seen).toEqual(["connecting", "retrying", "retrying"]);
    expect(sources.sources.get("stripe")).toMatchObject({ state: "streaming", error: null });
  });

  test("that fails again and again opens its circuit breaker, and closes it with the first commit", async () => {
    const { deps, sources } = await setUp();
    const stopper = new AbortController();
    let tries = 0;
    await runSource(
      connector(async (host) => {
        tries += 1;
        if (tries <= 5) throw new PlatformError("source-unreachable", "away");
        await expect.poll(() => sources.openBreakers()).toMatchObject([{ part: "capture", failures: 5 }]);
        await host.saveStreamSchemas([{ stream: "charge", columns: [], key: ["id"], description: "" }]);
        await host.position();
        await host.commit(batch("1"));
        await expect.poll(() => sources.openBreakers()).toEqual([]);
        stopper.abort();
      }),
      deps,
      eager,
      stopper.signal,
    );
    expect(sources.sources.get("stripe")).toMatchObject({ position: "1" });
  });

  test("whose slot is lost stops with the reason, until a person asks for all of it again", async () => {
    const { deps, sources, requests } = await setUp();
    const stopper = new AbortController();
    await sources.saveStreamSchemas("stripe", [{ stream: "charge", columns: [], key: ["id"], description: "" }]);
    await sources.advancePosition(memoryTransaction, {
      source: "stripe",
      epoch: 1n,
      from: null,
      to: "7",
      at: new Date(),
    });
    const positions: (string | null)[] = [];
    let asked = "";
    await runSource(
      connector(async (host) => {
        positions.push(await host.position());
        if (positions.length === 2) return stopper.abort();
        setTimeout(() => {
          expect(sources.sources.get("stripe")).toMatchObject({
            state: "stopped",
            error: { kind: "slot-lost", message: "gone" },
          });
          void requests
            .ask({ source: "stripe", stream: null, action: "resync", requestedBy: "ana" })
            .then(({ id }) => (asked = id));
        }, 50);
        throw new PlatformError("slot-lost", "gone");
      }),
      deps,
      eager,
      stopper.signal,
    );
    expect(positions).toEqual(["7", null]);
    expect(requests.settled.get(asked)).toMatchObject({ state: "done" });
    expect(await sources.streams("stripe")).toMatchObject([{ stream: "charge", state: "waiting" }]);
  });

  test("that another worker took over ends without touching its state", async () => {
    const { deps, sources } = await setUp();
    await sources.setSourceState("stripe", "streaming");
    await runSource(
      connector(async (host) => {
        await host.setState("streaming");
        throw new PlatformError("stale-writer", "fenced");
      }),
      deps,
      eager,
      new AbortController().signal,
    );
    expect(sources.sources.get("stripe")?.state).toBe("streaming");
  });

  test("after a commit with an unknown outcome commits nothing more until it asked for the position", async () => {
    const { deps, sources, rawStore } = await setUp();
    const stopper = new AbortController();
    let runs = 0;
    const positions: (string | null)[] = [];
    const outcomes: PromiseSettledResult<unknown>[] = [];
    await runSource(
      connector(async (host) => {
        runs += 1;
        positions.push(await host.position());
        if (runs === 1) {
          rawStore.after = () => {
            rawStore.after = () => undefined;
            throw new PlatformError("storage-failed", "the answer was lost");
          };
          outcomes.push(...(await Promise.allSettled([host.commit(batch("1")), host.commit(batch("2"))])));
          throw new PlatformError("storage-failed", "the answer was lost");
        }
        await host.commit(batch("2"));
        stopper.abort();
      }),
      deps,
      eager,
      stopper.signal,
    );
    expect(outcomes.map((each) => each.status)).toEqual(["rejected", "rejected"]);
    expect(positions).toEqual([null, "1"]);
    expect(rawStore.appended.map((each) => each.position)).toEqual(["1", "2"]);
    expect(sources.sources.get("stripe")?.position).toBe("2");
  });

  test("keeps going while the metadata store cannot record its state", async () => {
    const { deps } = await setUp();
    const stopper = new AbortController();
    let ran = false;
    await runSource(
      connector(async () => {
        ran = true;
        stopper.abort();
      }),
      {
        ...deps,
        sources: {
          ...deps.sources,
          setSourceState: () => Promise.reject(new PlatformError("metadata-unreachable", "away")),
        },
      },
      eager,
      stopper.signal,
    );
    expect(ran).toBe(true);
  });
});
