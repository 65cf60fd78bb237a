/** The only source of "now". Never read the machine's clock anywhere else. */
export interface Clock {
  now(): Date;
}

/** Randomness as a parameter: 16 fresh random bytes per call. */
export interface Random {
  bytes(length: number): Uint8Array;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
