/** A stream of numbers in [0, 1); the same seed gives the same stream. */
export type Random = () => number;

/** mulberry32: small, fast and good enough for shopping. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Whole number in [0, below). */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** `amount` as a whole number whose average over many calls is `amount`: 0.25 is 1 every fourth time. */
export const wholePart = (random: Random, amount: number): number => Math.floor(amount + random());

export function oneOf<T>(random: Random, items: readonly [T, ...T[]]): T {
  return items[below(random, items.length)] ?? items[0];
}
