import { type Clock, type IdSource, PlatformError } from "../kernel/index.ts";
import {
  BACKFILL_TRANSITIONS,
  type BackfillEvent,
  type BackfillState,
  type PartState,
  PART_STATES,
  type StoredBackfill,
  WHOLE,
} from "./backfill.ts";
import { rangesOf } from "./backfill-days.ts";
import type { BackfillStore } from "./backfill-store.ts";
import { type PlannedPart, partsOf } from "./backfill-parts.ts";

interface MemoryPart extends PlannedPart {
  state: PartState;
  runId: string | null;
  epoch: bigint | null;
  endedAt: Date | null;
}
type MemoryBackfill = { -readonly [Key in keyof StoredBackfill]: StoredBackfill[Key] } & { parts: MemoryPart[] };

export interface MemoryBackfillStore extends BackfillStore {
  partsOf(id: string): readonly MemoryPart[];
}

/** `lease` gives the epoch that holds the lease. */
export function memoryBackfillStore({
  clock,
  ids,
  lease,
  published = () => false,
}: {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly lease: () => bigint;
  /** Whether a run has published its rows of a dataset. */
  readonly published?: (runId: string, dataset: string) => boolean;
}): MemoryBackfillStore {
  const backfills: MemoryBackfill[] = [];
  const guard = (epoch: bigint): void => {
    if (epoch !== lease()) throw new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
  };
  const one = (id: string): MemoryBackfill => {
    const found = backfills.find((backfill) => backfill.id === id);
    if (found === undefined) throw new PlatformError("not-found", `backfill ${id} is not known`);
    return found;
  };
  const apply = (id: string, event: BackfillEvent): MemoryBackfill => {
    const backfill = one(id);
    const next = BACKFILL_TRANSITIONS[backfill.state][event];
    if (next === null) throw new PlatformError("conflict", `backfill ${id} is ${backfill.state}; it cannot ${event}`);
    backfill.state = next;
    backfill.endedAt = isOpen(next) ? null : clock.now();
    return backfill;
  };
  const shown = ({ parts: _parts, ...backfill }: MemoryBackfill): StoredBackfill => backfill;
  return {
    partsOf: (id) => one(id).parts,
    async plan(plan, by) {
      const backfill: MemoryBackfill = {
        id: ids.next(),
        plan,
        state: "planned",
        parallelism: plan.spec.parallelism,
        requestedBy: by,
        createdAt: clock.now(),
        startedAt: null,
        endedAt: null,
        parts: [],
      };
      backfills.push(backfill);
      return shown(backfill);
    },
    async find(id) {
      const found = backfills.find((backfill) => backfill.id === id);
      return found === undefined ? null : shown(found);
    },
    open: async () => backfills.filter(({ state }) => isOpen(state)).map(shown),
    async submit(_tx, epoch, id) {
      guard(epoch);
      const backfill = apply(id, "submit");
      backfill.startedAt = clock.now();
      backfill.parts = partsOf(backfill.plan).map((part) => ({
        ...part,
        state: "queued",
        runId: null,
        epoch: null,
        endedAt: null,
      }));
    },
    async pause(_tx, epoch, id) {
      guard(epoch);
      apply(id, "pause");
    },
    async resume(_tx, epoch, id) {
      guard(epoch);
      apply(id, "resume");
    },
    async setParallelism(_tx, epoch, id, parallelism) {
      guard(epoch);
      const backfill = one(id);
      if (!isOpen(backfill.state)) throw new PlatformError("conflict", `backfill ${id} is ${backfill.state}`);
      backfill.parallelism = parallelism;
    },
    async cancel(_tx, epoch, id) {
      guard(epoch);
      const { parts } = apply(id, "cancel");
      for (const part of parts) if (part.state === "queued") part.state = "cancelled";
      const runs = parts.filter(({ state }) => state === "running").map(({ runId }) => runId);
      return [...new Set(runs)].filter((runId) => runId !== null);
    },
    async retry(_tx, epoch, id) {
      guard(epoch);
      const { state, parts } = one(id);
      const again = parts.filter((part) => ["failed", "skipped", "cancelled"].includes(part.state));
      if (BACKFILL_TRANSITIONS[state].retry !== null && again.length === 0)
        throw new PlatformError("conflict", `backfill ${id} has nothing to do again: no part failed or was cancelled`);
      apply(id, "retry");
      for (const part of again) Object.assign(part, { state: "queued", runId: null, epoch: null, endedAt: null });
      return again.length;
    },
    async claim(epoch, id) {
      guard(epoch);
      const { state, parts } = one(id);
      if (state !== "running") return null;
      const queued = parts.filter((part) => part.state === "queued");
      const number = Math.min(...queued.map((part) => part.number));
      const mine = queued.filter((part) => part.number === number);
      const [first] = mine;
      if (first === undefined) return null;
      if (parts.some((part) => part.wave < first.wave && (part.state === "queued" || part.state === "running")))
        return null;
      // A part of the run that still runs: its retry waits until that has ended.
      if (parts.some((part) => part.number === number && part.state === "running")) return null;
      for (const part of mine) Object.assign(part, { state: "running", epoch });
      const datasets = [...Map.groupBy(mine, (part) => part.dataset)].toSorted(
        ([, [left]], [, [right]]) => (left?.ordinal ?? 0) - (right?.ordinal ?? 0),
      );
      return {
        number,
        broken: parts.filter((part) => part.wave < first.wave && part.state !== "succeeded").length,
        steps: datasets.map(([dataset, own]) => ({
          dataset,
          ranges: own.some(({ part }) => part === WHOLE) ? null : rangesOf(own.map(({ part }) => part)),
        })),
      };
    },
    async attach(epoch, id, number, runId) {
      guard(epoch);
      const { parts, state } = one(id);
      for (const part of parts) if (part.number === number && part.state === "running") part.runId = runId;
      return state !== "cancelled";
    },
    async settle(epoch, id, number, dataset, outcome) {
      guard(epoch);
      for (const part of one(id).parts)
        if (part.number === number && part.dataset === dataset && part.state === "running") {
          part.state = outcome.state;
          part.endedAt = clock.now();
        }
    },
    async finishIfDone(epoch, id) {
      guard(epoch);
      const backfill = one(id);
      const left = backfill.parts.some(({ state }) => state === "queued" || state === "running");
      if (isOpen(backfill.state) && !left)
        apply(id, backfill.parts.every(({ state }) => state === "succeeded") ? "succeed" : "fail");
      return shown(backfill);
    },
    async reclaim(epoch) {
      guard(epoch);
      let again = 0;
      for (const { parts, state } of backfills)
        for (const part of parts)
          if (part.state === "running" && part.epoch !== epoch) {
            if (part.runId !== null && published(part.runId, part.dataset))
              Object.assign(part, { state: "succeeded", endedAt: clock.now() });
            else Object.assign(part, { state: isOpen(state) ? "queued" : "cancelled", runId: null, epoch: null });
            again += 1;
          }
      return again;
    },
    async tried(dataset) {
      const newest = new Map<string, MemoryPart>();
      for (const { parts } of backfills)
        for (const part of parts)
          if (
            part.dataset === dataset &&
            part.part !== WHOLE &&
            (part.state === "succeeded" || part.state === "failed")
          )
            if ((newest.get(part.part)?.endedAt ?? new Date(0)) <= (part.endedAt ?? new Date(0)))
              newest.set(part.part, part);
      const days = (state: PartState) =>
        rangesOf([...newest.values()].filter((part) => part.state === state).map(({ part }) => part));
      return { succeeded: days("succeeded"), failed: days("failed") };
    },
    async counts(id) {
      const { parts } = one(id);
      return Object.fromEntries(
        PART_STATES.map((state) => [state, parts.filter((part) => part.state === state).length]),
      ) as Record<PartState, number>;
    },
    async forgetPlans(before) {
      const old = backfills.filter(({ state, createdAt }) => state === "planned" && createdAt < before);
      for (const backfill of old) backfills.splice(backfills.indexOf(backfill), 1);
      return old.length;
    },
  };
}

function isOpen(state: BackfillState): boolean {
  return state === "running" || state === "paused";
}
