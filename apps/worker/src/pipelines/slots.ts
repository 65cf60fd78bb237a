import { PlatformError } from "@nova/pipeline-core/kernel";

/** At most `limit` pieces of work at once; when one ends, the most urgent of those that wait goes next. */
export interface Slots {
  readonly size: number;
  /** From now on at most as many at once. With fewer, those that are at it end in peace and nobody follows until there is room. */
  resize(size: number): void;
  /** `urgency` is asked whenever a slot gets free: it grows while work waits. Equal ones keep their order of arrival. */
  run<Result>(urgency: () => number, work: () => Promise<Result>, options?: SlotOptions): Promise<Result>;
  /** Names of those that wait, the next one first. */
  waiting(): readonly string[];
  /** Urgency of the next one that waits; less than any when none does. */
  pressure(): number;
  /** Names of those that are at it. */
  running(): readonly string[];
  /** Who has a place and who waits for one, the next one first. */
  places(): { readonly running: readonly SlotPlace[]; readonly waiting: readonly SlotPlace[] };
}

export interface SlotPlace {
  /** Empty for work that gave none. */
  readonly name: string;
  readonly runId: string | null;
}

export interface SlotOptions {
  readonly name?: string;
  /** The run whose step it is; nobody's when absent. */
  readonly runId?: string;
  /** Aborting takes the work out of the queue; it throws `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly urgency: () => number;
  readonly place: SlotPlace;
  readonly start: () => void;
}

export function createSlots(initial: number): Slots {
  let limit = initial;
  // Less than none while more are at it than there may be.
  let free = limit;
  const arrived: Waiting[] = [];
  const atIt: SlotPlace[] = [];
  const byUrgency = (): Waiting[] =>
    arrived
      .map((waiting) => ({ waiting, urgency: waiting.urgency() }))
      .toSorted((left, right) => (left.urgency === right.urgency ? 0 : right.urgency - left.urgency))
      .map(({ waiting }) => waiting);
  const turn = (urgency: () => number, place: SlotPlace, signal: AbortSignal | undefined): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        arrived.splice(arrived.indexOf(mine), 1);
        reject(new PlatformError("cancelled", `${place.name} was cancelled while it waited for a slot`));
      };
      const mine: Waiting = {
        urgency,
        place,
        start() {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      arrived.push(mine);
      signal?.addEventListener("abort", leave, { once: true });
    });
  const admit = (): void => {
    while (free > 0) {
      const [next] = byUrgency();
      if (next === undefined) return;
      arrived.splice(arrived.indexOf(next), 1);
      free -= 1;
      next.start();
    }
  };
  return {
    get size() {
      return limit;
    },
    resize(size) {
      free += size - limit;
      limit = size;
      admit();
    },
    waiting: () => byUrgency().map(({ place }) => place.name),
    pressure: () => Math.max(Number.NEGATIVE_INFINITY, ...arrived.map((waiting) => waiting.urgency())),
    running: () => atIt.map(({ name }) => name),
    places: () => ({ running: [...atIt], waiting: byUrgency().map(({ place }) => place) }),
    async run(urgency, work, options = {}) {
      const { name = "", runId = null, signal } = options;
      const place: SlotPlace = { name, runId };
      if (free > 0) free -= 1;
      else await turn(urgency, place, signal);
      atIt.push(place);
      try {
        return await work();
      } finally {
        atIt.splice(atIt.indexOf(place), 1);
        free += 1;
        admit();
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
