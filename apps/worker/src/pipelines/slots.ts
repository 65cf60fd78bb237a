import { PlatformError } from "@nova/pipeline-core/kernel";

/** At most `limit` pieces of work at once; of those that wait, the one with the earliest deadline goes first. */
export interface Slots {
  /** `deadline` in epoch milliseconds; equal ones keep their order of arrival. */
  run<Result>(deadline: number, work: () => Promise<Result>, options?: SlotOptions): Promise<Result>;
  /** Names of those that wait, the next one first. */
  waiting(): readonly string[];
}

export interface SlotOptions {
  readonly name?: string;
  /** Aborting takes the work out of the queue; it throws `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly deadline: number;
  readonly name: string;
  readonly start: () => void;
}

export function createSlots(limit: number): Slots {
  let free = limit;
  const waiting: Waiting[] = [];
  const turn = (deadline: number, { name = "", signal }: SlotOptions): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(mine), 1);
        reject(new PlatformError("cancelled", `${name} was cancelled while it waited for a slot`));
      };
      const mine: Waiting = {
        deadline,
        name,
        start() {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      const behind = waiting.findIndex((other) => other.deadline > deadline);
      waiting.splice(behind < 0 ? waiting.length : behind, 0, mine);
      signal?.addEventListener("abort", leave, { once: true });
    });
  return {
    waiting: () => waiting.map(({ name }) => name),
    async run(deadline, work, options = {}) {
      if (free > 0) free -= 1;
      else await turn(deadline, options);
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next.start();
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
