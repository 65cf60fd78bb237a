/** What is wrong with the machine under the worker, as the file says that the worker watches. */
export interface Disturbance {
  /** Milliseconds that its clock is ahead; negative: behind. */
  readonly clockMillis: number;
  /** Milliseconds that each sync of a file takes longer. */
  readonly syncMillis: number;
}

export const NO_DISTURBANCE: Disturbance = { clockMillis: 0, syncMillis: 0 };
