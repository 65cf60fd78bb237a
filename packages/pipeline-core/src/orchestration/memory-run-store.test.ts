import { describe, expect, test } from "vitest";
import { uuidV7Source } from "../kernel/index.ts";
import { memoryRunStore, runMarksContract, runStoreContract, type RunStoreFixture } from "./testing.ts";

const NOW = new Date("2026-11-23T09:00:00Z");

describe("runs in memory", () => {
  const make = async (): Promise<RunStoreFixture> => {
    const clock = { now: () => NOW };
    let made = 0;
    // Distinct ids are all a run store asks of randomness.
    const random = { bytes: (length: number) => new Uint8Array(length).fill((made += 1)) };
    const runs = memoryRunStore({ clock, ids: uuidV7Source(clock, random) });
    return {
      runs,
      now: NOW,
      transaction: (work) => work({ query: async () => ({ rows: [], rowCount: 0 }) }),
      async see(id) {
        const run = runs.runs.get(id);
        if (run === undefined) return null;
        const logLines = runs.lines.filter((line) => line.runId === id).length;
        return {
          state: run.state,
          steps: run.steps.map(({ dataset, state, attempt }) => ({ dataset, state, attempt })),
          logLines,
        };
      },
    };
  };
  runStoreContract({ test, expect }, make);
  runMarksContract({ test, expect }, make);
});
