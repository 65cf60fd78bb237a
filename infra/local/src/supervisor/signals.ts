import { createStopRequests } from "./stop-requests.ts";
import { type Platform, supervise } from "./supervise.ts";

/**
 * Supervises a platform until a signal: the first SIGINT, SIGTERM or SIGHUP (or the launcher's death) stops everything
 * in order, a later one kills everything at once.
 */
export async function superviseUntilSignal(
  platform: Platform,
  { dataDir, fresh }: { readonly dataDir: string; readonly fresh: boolean },
): Promise<void> {
  const requests = createStopRequests();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => requests.signalled(performance.now()));
  }
  process.on("disconnect", () => requests.abandoned(performance.now()));
  // A terminal that was closed cannot be written to; stopping in order matters more than saying so.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  await supervise(platform, {
    dataDir,
    fresh,
    print: (line) => process.stdout.write(`${line}\n`),
    coloured: process.stdout.isTTY,
    stop: requests.stop,
    kill: requests.kill,
    now: () => new Date(),
  });
}
