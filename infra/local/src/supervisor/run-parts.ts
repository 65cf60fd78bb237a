import { startPart, type RunningPart } from "./child-part.ts";
import type { LogBook } from "./log-book.ts";
import type { PartSpec } from "./part.ts";

/** A required part did not come up; its log's tail is in the message. */
export class PartFailed extends Error {}

/** Keeps the running parts of one platform, in the order they were started. */
export interface Ensemble {
  readonly parts: readonly RunningPart[];
  /** True from the first `stop` or `kill` on. */
  readonly stopped: boolean;
  /** Starts the parts of one stage together and waits until each serves. Throws PartFailed for a required one. */
  start(stage: readonly PartSpec[]): Promise<void>;
  /** Stops all, lower ranks first; parts of one rank together. Idempotent; parts asked to start later do not. */
  stop(): Promise<void>;
  /** Kills all at once. */
  kill(): void;
}

export function openEnsemble(logs: LogBook, say: (line: string) => void, onChange: () => void): Ensemble {
  const parts: RunningPart[] = [];
  let stopped = false;

  async function awaitPart(part: RunningPart): Promise<void> {
    if ((await part.firstReady) || stopped) return;
    const { name, required, readyWithin } = part.spec;
    const trouble = part.state === "failed" ? "failed" : `does not serve after ${readyWithin / 1000} s`;
    if (!required) return say(`${name} ${trouble}; the rest goes on without it`);
    const tail = logs.tail(name).map((line) => `    ${line}`);
    throw new PartFailed([`${name} ${trouble}. The end of its log:`, "", ...tail].join("\n"));
  }

  return {
    parts,
    get stopped() {
      return stopped;
    },
    async start(stage) {
      if (stopped) return;
      const started = stage.map((spec) => startPart(spec, logs, onChange));
      parts.push(...started);
      onChange();
      await Promise.all(started.map(awaitPart));
    },
    async stop() {
      stopped = true;
      const ranks = [...new Set(parts.map((part) => part.spec.stopRank))].sort((a, b) => a - b);
      for (const rank of ranks) {
        await Promise.all(parts.filter((part) => part.spec.stopRank === rank).map((part) => part.stop()));
      }
    },
    kill() {
      stopped = true;
      for (const part of parts) part.kill();
    },
  };
}
