const SECOND = 1000;
const WINDOW = 60 * SECOND;
const MOST_IN_WINDOW = 5;
const FIRST_DELAY = SECOND / 2;
const LONGEST_DELAY = 8 * SECOND;
/** By convention of our entry points: the environment is wrong, and will be wrong again. */
const WRONG_ENVIRONMENT = 2;

export type RestartDecision =
  | { readonly restart: true; readonly afterMs: number }
  | { readonly restart: false; readonly reason: string };

/**
 * What to do about a part that died without being asked to. `deaths`: times of its earlier deaths in milliseconds,
 * oldest first, without this one.
 */
export function decideRestart(deaths: readonly number[], now: number, exitCode: number | null): RestartDecision {
  if (exitCode === WRONG_ENVIRONMENT)
    return { restart: false, reason: "its environment is wrong (exit code 2), see its log" };
  const recent = deaths.filter((at) => now - at < WINDOW).length;
  if (recent >= MOST_IN_WINDOW) return { restart: false, reason: `it died ${recent + 1} times within a minute` };
  return { restart: true, afterMs: Math.min(FIRST_DELAY * 2 ** recent, LONGEST_DELAY) };
}
