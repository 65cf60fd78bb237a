import { type Platform, supervise } from "./supervise.ts";

/**
 * Supervises a platform until a signal: the first SIGINT, SIGTERM or SIGHUP (or the launcher's death) stops everything
 * in order, the second kills everything at once.
 */
export async function superviseUntilSignal(
  platform: Platform,
  { dataDir, fresh }: { readonly dataDir: string; readonly fresh: boolean },
): Promise<void> {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = () => (stop.signal.aborted ? kill.abort() : stop.abort());
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  process.on("disconnect", () => stop.abort());
  // A terminal that was closed cannot be written to; stopping in order matters more than saying so.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  await supervise(platform, {
    dataDir,
    fresh,
    print: (line) => process.stdout.write(`${line}\n`),
    coloured: process.stdout.isTTY,
    stop: stop.signal,
    kill: kill.signal,
    now: () => new Date(),
  });
}
