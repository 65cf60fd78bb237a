import { setTimeout as sleep } from "node:timers/promises";
import { asPlatformError, MINUTE, type PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost, Connector, StreamRequest } from "@nova/pipeline-core/connectors";
import { backoffMillis } from "@nova/pipeline-core/orchestration";
import { flowMeter, SAMPLE_EVERY } from "./flow-meter.ts";
import { createBreakers } from "../breakers.ts";
import { type HostDeps, sourceHost } from "./source-host.ts";

/** A run that lasted this long was healthy: the next failure starts with short waits again. */
const HEALTHY_AFTER = MINUTE;
/** A source that a person has to settle is looked at again this often, so that it goes on by itself once they did. */
const SETTLED_CHECK_EVERY = MINUTE;

/** A source whose log is lost waits for a person; this often it is looked whether one asked. */
const LOST_CHECK_EVERY = SECOND;

/** Runs one connector for as long as `signal` lets it, whatever fails. Failures of one source touch no other. */
export async function runSource(
  connector: Connector,
  deps: HostDeps,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  const { source } = connector;
  const logger = deps.logger.with({ source });
  const flow = flowMeter(source, deps.clock);
  const sampling = setInterval(() => {
    deps.sources
      .recordFlow(flow.sample())
      .catch((error: unknown) => logger.warn("a flow sample was not recorded", { error }));
  }, SAMPLE_EVERY);
  // The pace is the back-off's; the breaker says when it came to waiting, for what reason, and when it works again.
  const breakers = createBreakers({ ...deps, part: "capture", logger, jitter: random });
  let attempt = 0;
  void check();
  try {
    await report(logger, () => deps.sources.setSourceState(source, "connecting"));
    while (!signal.aborted) {
      const startedAt = deps.clock.now().getTime();
      try {
        breakers.enter(source);
        const host = sourceHost(source, { ...deps, logger }, flow);
        await connector.run(
          noticing(host, () => breakers.worked(source)),
          signal,
        );
        breakers.worked(source);
        attempt = 0;
      } catch (error) {
        if (signal.aborted) return;
        const failure = asPlatformError(error);
        flow.failed();
        attempt = deps.clock.now().getTime() - startedAt > HEALTHY_AFTER ? 1 : attempt + 1;
        const wait = await settle(failure, attempt);
        if (wait === null) return;
        await sleep(wait, undefined, { signal }).catch(() => undefined);
      }
    }
  } finally {
    clearInterval(sampling);
    await report(logger, () => deps.sources.recordFlow(flow.sample()));
  }

  /** Says what happened and how long to wait; null = this source is over for this worker. */
  async function settle(failure: PlatformError, failures: number): Promise<number | null> {
    const { kind, message } = failure;
    const fields = { kind, message, attempt: failures, error: failure };
    if (kind === "stale-writer") {
      logger.error("another worker took over this source", fields);
      return null;
    }
    const timed = failure.policy.retry === "timed";
    const wait = timed ? backoffMillis(failures, random()) : SETTLED_CHECK_EVERY;
    breakers.failed(source, failure, wait);
    if (timed) logger.warn("capture failed and is tried again", { ...fields, waitMillis: wait });
    else logger.error("capture stopped", fields);
    await report(logger, () => deps.sources.setSourceState(source, timed ? "retrying" : "stopped", { kind, message }));
    if (!timed) breakers.triedNothing(source);
    if (!timed) void check();
    // A lost slot stays lost: only a resync helps.
    if (kind === "slot-lost") await resyncAsked();
    return kind === "slot-lost" ? 0 : wait;
  }

  /** Waits until a person asks for the whole source again, then forgets what was read. Also ends when `signal` aborts. */
  async function resyncAsked(): Promise<void> {
    while (!signal.aborted) {
      const asked = await open();
      if (asked !== undefined) {
        await deps.sources.resetSource(source);
        await deps.requests.settle(asked.id, {
          state: "done",
          message: "the whole source is read again from the start",
        });
        logger.info("the source is read again from the start", { requestedBy: asked.requestedBy });
        return;
      }
      await sleep(LOST_CHECK_EVERY, undefined, { signal }).catch(() => undefined);
    }
  }

  async function open(): Promise<StreamRequest | undefined> {
    try {
      const requests = await deps.requests.open(source);
      return requests.find((request) => request.stream === null && request.action === "resync");
    } catch (error) {
      logger.warn("requests to the source were not read", { error });
      return undefined;
    }
  }

  async function check(): Promise<void> {
    const { diagnose } = connector;
    if (diagnose !== undefined) await report(logger, async () => deps.sources.saveDiagnosis(source, await diagnose()));
  }
}

/** The host, with `onWorks` called once rows were committed or everything up to a time is: the source answers. */
function noticing(host: CaptureHost, onWorks: () => void): CaptureHost {
  return {
    ...host,
    async commit(batch) {
      const receipt = await host.commit(batch);
      onWorks();
      return receipt;
    },
    async dataThrough(at) {
      await host.dataThrough(at);
      onWorks();
    },
  };
}

/** Telling the metadata store about a source must not stop the source: the store may be what is down. */
async function report(logger: HostDeps["logger"], tell: () => Promise<void>): Promise<void> {
  try {
    await tell();
  } catch (error) {
    logger.warn("the state of the source was not recorded", { error });
  }
}
