/** A small generator of repeatable numbers (mulberry32): scenarios look the same on every machine. */
export interface Dice {
  /** 0 ≤ x < 1. */
  share(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

export function dice(seed: number): Dice {
  let state = seed;
  const share = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (low: number, high: number): number => low + Math.floor(share() * (high - low + 1));
  return { share, between, pick: (items) => items[between(0, items.length - 1)] ?? items[0] };
}
