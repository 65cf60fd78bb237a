import { PlatformError } from "@nova/pipeline-core/kernel";

/** At most `limit` pieces of work at once; when one ends, the most urgent of those that wait goes next. */
export interface Slots {
  /** `urgency` is asked whenever a slot gets free: it grows while work waits. Equal ones keep their order of arrival. */
  run<Result>(urgency: () => number, work: () => Promise<Result>, options?: SlotOptions): Promise<Result>;
  /** Names of those that wait, the next one first. */
  waiting(): readonly string[];
}

export interface SlotOptions {
  readonly name?: string;
  /** Aborting takes the work out of the queue; it throws `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly urgency: () => number;
  readonly name: string;
  readonly start: () => void;
}

export function createSlots(limit: number): Slots {
  let free = limit;
  const arrived: Waiting[] = [];
  const byUrgency = (): Waiting[] =>
    arrived
      .map((waiting) => ({ waiting, urgency: waiting.urgency() }))
      .toSorted((left, right) => (left.urgency === right.urgency ? 0 : right.urgency - left.urgency))
      .map(({ waiting }) => waiting);
  const turn = (urgency: () => number, { name = "", signal }: SlotOptions): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        arrived.splice(arrived.indexOf(mine), 1);
        reject(new PlatformError("cancelled", `${name} was cancelled while it waited for a slot`));
      };
      const mine: Waiting = {
        urgency,
        name,
        start() {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      arrived.push(mine);
      signal?.addEventListener("abort", leave, { once: true });
    });
  return {
    waiting: () => byUrgency().map(({ name }) => name),
    async run(urgency, work, options = {}) {
      if (free > 0) free -= 1;
      else await turn(urgency, options);
      try {
        return await work();
      } finally {
        const [next] = byUrgency();
        if (next === undefined) free += 1;
        else {
          arrived.splice(arrived.indexOf(next), 1);
          next.start();
        }
      }
    },
  };
}

/** One writer per dataset: work of the same name waits for its predecessor. */
export function createLocks(): <Result>(name: string, work: () => Promise<Result>) => Promise<Result> {
  const tails = new Map<string, Promise<unknown>>();
  return async (name, work) => {
    const before = tails.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.then(
      () => undefined,
      () => undefined,
    );
    tails.set(name, settled);
    try {
      return await mine;
    } finally {
      if (tails.get(name) === settled) tails.delete(name);
    }
  };
}
