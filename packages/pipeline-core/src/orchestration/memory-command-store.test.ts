import { describe, expect, test } from "vitest";
import { uuidV7Source } from "../kernel/index.ts";
import { commandStoreContract, memoryCommandStore } from "./testing.ts";

describe("commands in memory", () => {
  commandStoreContract({ test, expect }, async () => {
    const clock = { now: () => new Date("2026-11-23T09:00:00Z") };
    let made = 0;
    const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(length).fill((made += 1)) });
    let epoch = 0n;
    let told = 0;
    const commands = memoryCommandStore({ clock, ids, lease: () => epoch, onRequest: () => void (told += 1) });
    return {
      commands,
      newEpoch: async () => (epoch += 1n),
      audit: async () => commands.audit,
      told: () => told,
    };
  });
});
