/** At most `limit` pieces of work at once; of those that wait, the one with the earliest deadline goes first. */
export interface Slots {
  /** `deadline` in epoch milliseconds; equal ones keep their order of arrival. */
  run<Result>(deadline: number, work: () => Promise<Result>): Promise<Result>;
}

export function createSlots(limit: number): Slots {
  let free = limit;
  const waiting: { readonly deadline: number; readonly start: () => void }[] = [];
  return {
    async run(deadline, work) {
      if (free > 0) free -= 1;
      else
        await new Promise<void>((start) => {
          const behind = waiting.findIndex((other) => other.deadline > deadline);
          waiting.splice(behind < 0 ? waiting.length : behind, 0, { deadline, start });
        });
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
