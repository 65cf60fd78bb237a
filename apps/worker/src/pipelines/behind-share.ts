/** What work that fills in gets of one slot, however much live work waits. */
const SHARE = 0.2;

/** Less than anything live ever is: the urgency of what is due is 0 and more. */
const BEHIND = -1;

/** More than anything live but a dataset that has no data at all. */
const ITS_TURN = Number.MAX_VALUE;

/**
 * Work that fills in goes behind everything live, yet never stands still: on a machine where something live always waits, a
 * backfill would not end. After each piece it waits four times as long as that took; then it is its turn.
 */
export interface BehindShare {
  urgency(): number;
  /** Does a piece of it, in a slot. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** `now` is milliseconds of a clock that nobody sets. */
export function createBehindShare(now: () => number = () => performance.now()): BehindShare {
  let turnAt = Number.NEGATIVE_INFINITY;
  return {
    urgency: () => (now() < turnAt ? BEHIND : ITS_TURN),
    async run(work) {
      const began = now();
      try {
        return await work();
      } finally {
        const ended = now();
        turnAt = ended + (ended - began) * (1 / SHARE - 1);
      }
    },
  };
}
