import {
  afterFailure,
  afterNothing,
  afterSuccess,
  beforeTry,
  type Breaker,
  type BreakerPart,
  breakerText,
  closedBreaker,
  type SourceId,
  type SourceStore,
} from "@nova/pipeline-core/connectors";
import type { Clock, Logger, PlatformError } from "@nova/pipeline-core/kernel";
import { backoffMillis } from "@nova/pipeline-core/orchestration";

/** `free`: nothing is wrong; `probe`: go ahead with one thing, it decides; `blocked`: try nothing now. */
export type Entry = "free" | "probe" | "blocked";

/** The circuit breakers of one part of every source. Each change of state is stored, announced and logged. */
export interface Breakers {
  of(source: SourceId): Breaker;
  enter(source: SourceId): Entry;
  /** Counts when it may pass by itself. `waitMillis`: how long it is left alone if there were too many; by backoff unless given. */
  failed(source: SourceId, error: PlatformError, waitMillis?: number): void;
  worked(source: SourceId): void;
  /** After `probe`: there was nothing to try. */
  triedNothing(source: SourceId): void;
}

export interface BreakerDeps {
  readonly part: BreakerPart;
  readonly sources: Pick<SourceStore, "saveBreaker">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Random share 0–1. */
  readonly jitter: () => number;
}

export function createBreakers({ part, sources, clock, logger, jitter }: BreakerDeps): Breakers {
  const breakers = new Map<SourceId, Breaker>();
  let saving: Promise<void> = Promise.resolve();
  const of = (source: SourceId): Breaker => breakers.get(source) ?? closedBreaker(clock.now());
  const move = (source: SourceId, to: Breaker): void => {
    const before = of(source);
    breakers.set(source, to);
    if (before.state === to.state) return;
    if (to.state === "open") logger.warn("a circuit breaker opened", { source, part, why: breakerText(part, to) });
    if (to.state === "closed") logger.info("a circuit breaker closed", { source, part });
    // One after the other, so that the last state is what stands; the store may be what is down.
    saving = saving
      .then(() => sources.saveBreaker(source, part, to))
      .catch((error: unknown) => logger.warn("the state of a circuit breaker was not stored", { source, error }));
  };
  return {
    of,
    enter(source) {
      const before = of(source);
      if (before.state === "closed") return "free";
      const now = beforeTry(before, clock.now());
      if (now.state === before.state) return "blocked";
      move(source, now);
      return "probe";
    },
    failed(source, error, waitMillis) {
      if (error.policy.retry !== "timed") return;
      const before = of(source);
      const wait = waitMillis ?? backoffMillis(before.failures + 1, jitter());
      move(source, afterFailure(before, { kind: error.kind, message: error.message }, clock.now(), wait));
    },
    worked: (source) => move(source, afterSuccess(of(source), clock.now())),
    triedNothing: (source) => move(source, afterNothing(of(source), clock.now())),
  };
}
