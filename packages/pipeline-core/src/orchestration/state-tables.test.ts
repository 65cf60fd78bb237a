import { describe, expect, it } from "vitest";
import { ACTIONS } from "../access/index.ts";
import {
  COMMAND_ACTION,
  COMMAND_EVENTS,
  COMMAND_KINDS,
  COMMAND_STATES,
  COMMAND_TRANSITIONS,
  commandFingerprint,
  commandLine,
  commandRequestSchema,
} from "./command.ts";
import { STEP_STATES, type StepState } from "./run.ts";
import { isOpenStep, runOutcome, STEP_EVENTS, STEP_TRANSITIONS } from "./run-states.ts";

const RUN_ID = "019a0000-0000-7000-8000-000000000001";

describe("the states of a command", () => {
  it("move only as this table says", () => {
    const moves = COMMAND_STATES.flatMap((state) =>
      COMMAND_EVENTS.flatMap((event) => {
        const next = COMMAND_TRANSITIONS[state][event];
        return next === null ? [] : [`${state} ${event} ${next}`];
      }),
    );
    expect(moves).toEqual(["queued take taken", "taken take-over taken", "taken finish done", "taken refuse refused"]);
  });
});

describe("the states of a step", () => {
  const OPEN = ["waiting", "running", "retrying"] as const;

  it("move only as this table says", () => {
    const moves = STEP_STATES.flatMap((state) =>
      STEP_EVENTS.flatMap((event) => {
        const next = STEP_TRANSITIONS[state][event];
        return next === null ? [] : [`${state} ${event} ${next}`];
      }),
    );
    expect(moves.toSorted()).toEqual(
      [
        "waiting start running",
        "retrying start running",
        "running succeed succeeded",
        "running retry retrying",
        "running fail failed",
        "failed mark-done done-by-hand",
        "skipped mark-done done-by-hand",
        "done-by-hand unmark-failed failed",
        "done-by-hand unmark-skipped skipped",
        ...OPEN.flatMap((state) => [
          `${state} skip skipped`,
          `${state} cancel cancelled`,
          `${state} abandon failed`,
          `${state} mark-failed failed`,
        ]),
      ].toSorted(),
    );
  });

  it.each(STEP_STATES)("%s is open exactly when it can be cancelled", (state) => {
    expect(isOpenStep(state)).toBe((OPEN as readonly StepState[]).includes(state));
  });

  it.each([
    [["succeeded", "skipped"], "succeeded"],
    [["succeeded", "done-by-hand", "skipped"], "succeeded"],
    [["done-by-hand", "failed"], "failed"],
    [["succeeded", "cancelled"], "cancelled"],
    [["cancelled", "failed"], "failed"],
    [[], "succeeded"],
  ] as const)("%j make a run %s", (steps, state) => {
    expect(runOutcome(steps)).toBe(state);
  });
});

describe("what people ask for", () => {
  const requests = [
    { kind: "run-dataset", target: "curated.orders", downstream: true },
    { kind: "cancel-run", target: RUN_ID },
    { kind: "retry-run", target: RUN_ID, scope: "failed", datasets: [] },
    { kind: "retry-run", target: RUN_ID, scope: "from", datasets: ["curated.orders"] },
    { kind: "retry-run", target: RUN_ID, scope: "selected", datasets: ["curated.orders", "curated.payments"] },
    { kind: "mark-run", target: RUN_ID, as: "done", datasets: ["curated.orders"], reason: "loaded by hand" },
    { kind: "mark-run", target: RUN_ID, as: "failed", reason: "it hangs" },
    { kind: "unmark-run", target: RUN_ID, datasets: ["curated.orders"] },
    { kind: "rollback-dataset", target: "curated.orders", runId: RUN_ID },
    { kind: "release-dataset", target: "curated.orders" },
    { kind: "pause-pipeline", target: "sales" },
    { kind: "resume-pipeline", target: "sales" },
    { kind: "pause-schedule", target: "mart.daily_sales" },
    { kind: "resume-schedule", target: "mart.daily_sales" },
    { kind: "submit-backfill", target: RUN_ID },
    { kind: "pause-backfill", target: RUN_ID },
    { kind: "resume-backfill", target: RUN_ID },
    { kind: "cancel-backfill", target: RUN_ID, inFlight: false },
    { kind: "cancel-backfill", target: RUN_ID, inFlight: true },
    { kind: "retry-backfill", target: RUN_ID },
    { kind: "set-backfill-parallelism", target: RUN_ID, parallelism: 2 },
    { kind: "set-pool", target: "heavy", places: 2, reason: "the month's end; `rm` it" },
    { kind: "reset-pool", target: "heavy", reason: "over" },
  ].map((request) => commandRequestSchema.parse(request));

  it("is a right of the matrix, for every kind", () => {
    for (const kind of COMMAND_KINDS) expect(ACTIONS).toContain(COMMAND_ACTION[kind]);
    expect(new Set(requests.map((request) => request.kind))).toEqual(new Set(COMMAND_KINDS));
  });

  it("can be said on the command line", () => {
    expect(requests.map(commandLine)).toEqual(
      [
        "run curated.orders --downstream",
        `cancel ${RUN_ID}`,
        `retry ${RUN_ID} --failed`,
        `retry ${RUN_ID} --from curated.orders`,
        `retry ${RUN_ID} --dataset curated.orders --dataset curated.payments`,
        `runs mark ${RUN_ID} done --step curated.orders --reason 'loaded by hand'`,
        `runs mark ${RUN_ID} failed --reason 'it hangs'`,
        `runs unmark ${RUN_ID} --step curated.orders`,
        `rollback curated.orders --run ${RUN_ID}`,
        "release curated.orders",
        "pause sales",
        "resume sales",
        "schedules pause mart.daily_sales",
        "schedules resume mart.daily_sales",
        `backfill submit ${RUN_ID}`,
        `backfill pause ${RUN_ID}`,
        `backfill resume ${RUN_ID}`,
        `backfill cancel ${RUN_ID}`,
        `backfill cancel ${RUN_ID} --in-flight`,
        `backfill retry ${RUN_ID}`,
        `backfill parallelism ${RUN_ID} 2`,
        "pools set heavy 2 --reason 'the month'\\''s end; `rm` it'",
        "pools reset heavy --reason 'over'",
      ].map((line) => `npm run nova -- ${line}`),
    );
  });

  it("has one fingerprint, whatever the order of its fields and steps", () => {
    expect(new Set(requests.map(commandFingerprint)).size).toBe(requests.length);
    const swapped = commandRequestSchema.parse({
      datasets: ["curated.payments", "curated.orders"],
      scope: "selected",
      target: RUN_ID,
      kind: "retry-run",
    });
    expect(commandFingerprint(swapped)).toBe(requests.map(commandFingerprint)[4]);
  });

  it("names a field that does not hold", () => {
    expect(commandRequestSchema.safeParse({ kind: "run-dataset", target: "orders" }).error?.issues[0]).toMatchObject({
      path: ["target"],
      message: "must be <layer>.<name>, e.g. curated.orders",
    });
  });
});
