import type { IntakeRefusals, Refusal, RefusedRequests } from "@nova/pipeline-core/connectors";
import { REFUSALS } from "@nova/pipeline-core/connectors";
import { type Clock, type Logger, SECOND } from "@nova/pipeline-core/kernel";

export interface RefusalBook {
  /** Counts one request; outcomes that are no refusal are left out. */
  count(source: RefusedRequests["source"], service: string, outcome: string, records: number): void;
  /** Brings what was counted to the store; what cannot be brought is kept for the next time. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const FLUSH_EVERY = 10 * SECOND;

/** Counts what is turned away at the doors in memory and brings the sums to the store now and then: a flood costs no writes. */
export function refusalBook(deps: {
  readonly store: IntakeRefusals;
  readonly clock: Clock;
  readonly logger: Logger;
}): RefusalBook {
  let counted = new Map<string, RefusedRequests>();
  const add = (more: RefusedRequests): void => {
    const key = `${more.source} ${more.service} ${more.outcome}`;
    const known = counted.get(key);
    counted.set(key, {
      ...more,
      requests: (known?.requests ?? 0) + more.requests,
      records: (known?.records ?? 0) + more.records,
    });
  };
  const flush = async (): Promise<void> => {
    if (counted.size === 0) return;
    const brought = [...counted.values()];
    counted = new Map();
    try {
      await deps.store.add(brought);
    } catch (error) {
      for (const each of brought) add(each);
      deps.logger.warn("what the intake refused was not recorded and is kept", { error });
    }
  };
  const timer = setInterval(() => void flush(), FLUSH_EVERY);
  return {
    count(source, service, outcome, records) {
      const refusal = REFUSALS.find((each): each is Refusal => each === outcome);
      if (refusal === undefined) return;
      add({ source, service, outcome: refusal, requests: 1, records, lastAt: deps.clock.now() });
    },
    flush,
    async stop() {
      clearInterval(timer);
      await flush();
    },
  };
}
