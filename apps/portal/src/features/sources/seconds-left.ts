import type { StreamRow } from "@nova/db/read-models";

/** Too short a look says nothing of the pace. */
const LEAST_SECONDS = 5;

/** How long the reading of a stream's rows goes on at the pace so far; null while nobody can tell. */
export function secondsLeft(
  { rowsRead, rowsExpected, stateSince }: Pick<StreamRow, "rowsRead" | "rowsExpected" | "stateSince">,
  now: number,
): number | null {
  const seconds = (now - stateSince.getTime()) / 1000;
  if (rowsExpected === null || rowsRead === 0 || rowsRead >= rowsExpected || seconds < LEAST_SECONDS) return null;
  return ((rowsExpected - rowsRead) * seconds) / rowsRead;
}
