import { join } from "node:path";
import { claimDataDir } from "./data-dir.ts";
import { startMarkOf } from "./processes.ts";
import { openEnsemble, type Ensemble } from "./run-parts.ts";
import { type RunFile, writeRunFile } from "./run-file.ts";
import { type LogBook, openLogBook } from "./log-book.ts";

/** What a platform is, apart from being supervised. */
export interface Platform {
  /** Brings it up through `ensemble`; called once the data folder is ours. */
  start(opening: Opening): Promise<void>;
}

/** What a platform starts with. */
export interface Opening {
  readonly ensemble: Ensemble;
  /** Puts where everything is into run.json. Call it before the first part starts. */
  readonly announce: (about: RunFacts) => void;
  /** A line of the log. */
  readonly say: (line: string) => void;
  /** A line for the person at the terminal, without the log's prefix. */
  readonly print: (line: string) => void;
}

/** The parts of run.json that only the platform knows. */
export type RunFacts = Pick<RunFile, "urls" | "ports">;

export interface Supervision {
  readonly dataDir: string;
  readonly fresh: boolean;
  readonly print: (line: string) => void;
  readonly coloured: boolean;
  /** Aborted once: stop everything in order. */
  readonly stop: AbortSignal;
  /** Aborted: no more patience, kill everything. */
  readonly kill: AbortSignal;
  readonly now: () => Date;
}

/**
 * Runs a platform until `stop` aborts: takes the data folder, starts, keeps run.json true, stops in order and gives the
 * folder back. When it returns or throws, no process of the platform is left.
 */
export async function supervise(
  platform: Platform,
  { dataDir, fresh, print, coloured, stop, kill, now }: Supervision,
): Promise<void> {
  const giveBack = await claimDataDir(dataDir, { fresh, say: print });
  const logs: LogBook = openLogBook(join(dataDir, "logs"), print, coloured);
  const say = (line: string) => logs.write("nova", line);
  let facts: RunFacts | undefined;
  let ready = false;
  const startedAt = now().toISOString();
  const writes = oneAtATime(async () => {
    if (facts === undefined) return;
    const parts = await Promise.all(
      ensemble.parts.map(async ({ spec, pid, state }) => ({
        name: spec.name,
        ...(pid === undefined ? {} : { pid }),
        mark: pid === undefined ? "" : await startMarkOf(pid),
        state,
      })),
    );
    await writeRunFile(dataDir, { pid: process.pid, startedAt, dataDir, ready, ...facts, parts });
  });
  const ensemble = openEnsemble(logs, say, () => writes.again());
  const killAll = () => ensemble.kill();
  kill.addEventListener("abort", killAll);
  let stopping: Promise<void> | undefined;
  const stopAll = () => {
    say("stopping");
    stopping ??= ensemble.stop();
  };
  stop.addEventListener("abort", stopAll);
  try {
    const announce = (about: RunFacts) => {
      facts = about;
      writes.again();
    };
    if (!stop.aborted) await platform.start({ ensemble, announce, say, print });
    ready = true;
    writes.again();
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  } finally {
    stop.removeEventListener("abort", stopAll);
    await (stopping ?? ensemble.stop());
    // A part that was being started when the stop came is stopped by the second pass.
    await ensemble.stop();
    kill.removeEventListener("abort", killAll);
    await writes.settled();
    say("stopped");
    await logs.close();
    await giveBack();
  }
}

/** Runs `work` again whenever asked, never twice at once: asks that come while it runs become one more run. */
function oneAtATime(work: () => Promise<void>): { again(): void; settled(): Promise<void> } {
  let running: Promise<void> | undefined;
  let asked = false;
  const run = async () => {
    while (asked) {
      asked = false;
      await work();
    }
    running = undefined;
  };
  return {
    again() {
      asked = true;
      running ??= run();
    },
    async settled() {
      while (running !== undefined) await running;
    },
  };
}
