import { type Clock, SECOND } from "@nova/pipeline-core/kernel";

const BURST_SECONDS = 2;

/** A bucket that fills at a rate. It may be overdrawn by one batch, whose size is only known once it is read. */
export interface TokenBucket {
  /** Seconds until something is in it again; 0 = now. */
  wait(): number;
  take(amount: number): void;
}

export function tokenBucket(ratePerSecond: number, clock: Clock): TokenBucket {
  const full = ratePerSecond * BURST_SECONDS;
  let level = full;
  let filledAt = clock.now().getTime();
  const fill = (): void => {
    const now = clock.now().getTime();
    // A clock that is set back must not stop the bucket from filling.
    level = Math.min(full, level + (ratePerSecond * Math.max(0, now - filledAt)) / SECOND);
    filledAt = now;
  };
  return {
    wait() {
      fill();
      return level > 0 ? 0 : Math.max(1, Math.ceil((1 - level) / ratePerSecond));
    },
    take(amount) {
      fill();
      level -= amount;
    },
  };
}
