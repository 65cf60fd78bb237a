import { DAY, MINUTE, SECOND } from "@nova/pipeline-core/kernel";
import type { Sql } from "../../repositories/announce.ts";
import { rowsJson } from "../../repositories/store-context.ts";
import { fixedId } from "../demo-people.ts";
import type { Dice } from "../random.ts";
import { ENTRIES } from "./tables.ts";

const RUNS = 200;

/** Two hundred runs of the last day with steps, attempts and logs: most succeeded, some failed, some were retried, one runs now. */
export async function seedRuns(sql: Sql, now: Date, dice: Dice): Promise<void> {
  const rows = { runs: [] as object[], steps: [] as object[], attempts: [] as object[], logs: [] as object[] };
  for (let index = 0; index < RUNS; index += 1) addRun(rows, index, now, dice);
  await sql.query(
    `INSERT INTO runs (id, pipeline, trigger, state, created_at, started_at, ended_at, datasets, rows_out, error_kind, error_message)
     SELECT id, pipeline, trigger, state, created, started, ended, datasets, rows, "errorKind", "errorMessage" FROM jsonb_to_recordset($1::jsonb)
         AS r (id uuid, pipeline text, trigger text, state text, created timestamptz, started timestamptz, ended timestamptz, datasets text[], rows bigint, "errorKind" text, "errorMessage" text)`,
    [rowsJson(rows.runs)],
  );
  await sql.query(
    `INSERT INTO steps (run_id, dataset, ordinal, state, reason, after, attempt, waiting_since, started_at, ended_at, rows_in, rows_out, bytes, snapshot_before, snapshot_after, skip_reason, error_kind, error_message)
     SELECT run, dataset, ordinal, state, reason, after, attempt, waiting, started, ended, "rowsIn", "rowsOut", bytes, before, "afterSnapshot", skip, "errorKind", "errorMessage" FROM jsonb_to_recordset($1::jsonb)
         AS s (run uuid, dataset text, ordinal int, state text, reason text, after text[], attempt int, waiting timestamptz, started timestamptz, ended timestamptz, "rowsIn" bigint, "rowsOut" bigint, bytes bigint, before text, "afterSnapshot" text, skip text, "errorKind" text, "errorMessage" text)`,
    [rowsJson(rows.steps)],
  );
  await sql.query(
    `INSERT INTO attempts (run_id, dataset, number, state, started_at, ended_at, error_kind, error_message)
     SELECT run, dataset, number, state, started, ended, "errorKind", "errorMessage" FROM jsonb_to_recordset($1::jsonb)
         AS a (run uuid, dataset text, number int, state text, started timestamptz, ended timestamptz, "errorKind" text, "errorMessage" text)`,
    [rowsJson(rows.attempts)],
  );
  await sql.query(
    `INSERT INTO run_logs (run_id, dataset, at, level, message, fields)
     SELECT run, dataset, at, level, message, fields FROM jsonb_to_recordset($1::jsonb)
         AS l (run uuid, dataset text, at timestamptz, level text, message text, fields jsonb)`,
    [rowsJson(rows.logs)],
  );
}

interface RunRows {
  runs: object[];
  steps: object[];
  attempts: object[];
  logs: object[];
}

const FAILURE = {
  errorKind: "engine-failed",
  errorMessage: "Out of Memory Error: could not allocate block of 262 KB (1.2 GB used)",
};

function addRun(rows: RunRows, index: number, now: Date, dice: Dice): void {
  const pipeline = dice.pick(["staged", "staged", "curated", "curated", "marts"] as const);
  const run = fixedId(`run:${index}`);
  const created = now.getTime() - Math.round((index / RUNS) * DAY) - (index === 0 ? 4 * SECOND : MINUTE);
  const members = ENTRIES.filter((entry) => entry.pipeline === pipeline);
  const first = dice.between(0, Math.max(0, members.length - 6));
  const chosen = members.slice(first, first + dice.between(2, 6));
  const running = index === 0;
  const failing = !running && index % 17 === 5;
  const retried = !running && !failing && index % 11 === 3;
  let cursor = created + dice.between(30, 400);
  let out = 0;
  let failedAt = -1;
  for (const [ordinal, entry] of chosen.entries()) {
    const fails = failing && ordinal === 1;
    if (fails) failedAt = ordinal;
    const upstreamFailed = failedAt >= 0 && ordinal > failedAt;
    const idle = !fails && !upstreamFailed && dice.share() < 0.2;
    const waits = running && ordinal > 1;
    const state =
      upstreamFailed || idle
        ? "skipped"
        : fails
          ? "failed"
          : waits
            ? "waiting"
            : running && ordinal === 1
              ? "running"
              : "succeeded";
    const took = dice.between(120, 4_800);
    const started = state === "skipped" || state === "waiting" ? null : new Date(cursor);
    const ended =
      state === "waiting" || state === "running" ? null : new Date(state === "skipped" ? cursor : cursor + took);
    const attempt = started === null ? 0 : fails ? 3 : retried && ordinal === 0 ? 2 : 1;
    const count = state === "succeeded" ? dice.between(1, 12_000) : null;
    out += count ?? 0;
    rows.steps.push({
      run,
      dataset: entry.name,
      ordinal,
      state,
      attempt,
      waiting: new Date(created),
      started,
      ended,
      rowsIn: count,
      rowsOut: count,
      bytes: count === null ? null : count * 90,
      reason: `${dice.between(1, 12_000)} changes wait upstream; data is ${dice.between(20, 90)} s old, target ${entry.targetLagSeconds} s`,
      after: chosen
        .slice(0, ordinal)
        .map((one) => one.name)
        .filter((name) => entry.inputs.includes(name)),
      before: started === null ? null : `${7e15 + index * 10}`,
      afterSnapshot: count === null ? null : `${7e15 + index * 10 + 1}`,
      skip: upstreamFailed
        ? `${chosen[failedAt]?.name} failed`
        : state === "skipped"
          ? "nothing changed upstream"
          : null,
      ...(fails ? FAILURE : {}),
    });
    for (let number = 1; number <= attempt; number += 1) {
      const good = number === attempt && !fails;
      const live = good && state === "running";
      rows.attempts.push({
        run,
        dataset: entry.name,
        number,
        state: live ? "running" : good ? "succeeded" : "failed",
        started,
        ended: live ? null : ended,
        ...(good ? {} : FAILURE),
      });
      if (!good)
        rows.logs.push({
          run,
          dataset: entry.name,
          at: new Date(cursor + 80 * number),
          level: "error",
          message: FAILURE.errorMessage,
          fields: { attempt: number },
        });
    }
    if (started !== null) {
      rows.logs.push({
        run,
        dataset: entry.name,
        at: started,
        level: "info",
        message: "reading changes",
        fields: { inputs: entry.inputs },
      });
      if (count !== null)
        rows.logs.push({
          run,
          dataset: entry.name,
          at: ended,
          level: "info",
          message: "committed",
          fields: { rows: count, milliseconds: took },
        });
      cursor += took;
    }
  }
  rows.runs.push({
    id: run,
    pipeline,
    trigger: index % 40 === 7 ? "manual" : "target-lag",
    state: running ? "running" : failing ? "failed" : "succeeded",
    created: new Date(created),
    started: new Date(created + 20),
    ended: running ? null : new Date(cursor + 5),
    datasets: chosen.map((entry) => entry.name),
    rows: out,
    ...(failing ? { errorKind: FAILURE.errorKind, errorMessage: `${chosen[1]?.name}: ${FAILURE.errorMessage}` } : {}),
  });
}
