"use client";

import type { BackfillDetail } from "@nova/db/read-models";
import { mayBackfill, MAX_PARALLELISM } from "@nova/pipeline-core/orchestration";
import { useId, useState } from "react";
import { AskButton } from "@/features/commands/index.ts";
import { plural } from "@/ui/format.ts";
import { Input } from "@/ui/input.tsx";

/** What can be done with a backfill in its state now; the buttons are drawn from its table of states. */
export function BackfillActions({ backfill }: { readonly backfill: BackfillDetail }) {
  const { id, state, parts } = backfill;
  const again = parts.failed + parts.skipped + parts.cancelled;
  return (
    <div className="flex flex-wrap gap-2">
      {mayBackfill(state, "pause") ? (
        <AskButton
          request={{ kind: "pause-backfill", target: id }}
          label="Pause"
          title="Pause this backfill?"
          confirm="Pause"
        >
          <p>What runs now runs to its end; nothing more of it begins until somebody resumes it.</p>
        </AskButton>
      ) : null}
      {mayBackfill(state, "resume") ? (
        <AskButton
          request={{ kind: "resume-backfill", target: id }}
          label="Resume"
          title="Resume this backfill?"
          confirm="Resume"
        >
          <p>
            It goes on with {plural(parts.queued, "partition")} that are left. What failed is not done again by that.
          </p>
        </AskButton>
      ) : null}
      {mayBackfill(state, "retry") && again > 0 ? (
        <AskButton
          request={{ kind: "retry-backfill", target: id }}
          label="Retry what failed…"
          title="Retry what failed?"
          confirm="Retry"
        >
          <p>
            {plural(again, "partition")} that failed, were skipped or cancelled are queued again; what succeeded stays
            as it is.
          </p>
        </AskButton>
      ) : null}
      {mayBackfill(state, "pause") || mayBackfill(state, "resume") ? <Parallelism backfill={backfill} /> : null}
      {mayBackfill(state, "cancel") ? <Cancel backfill={backfill} /> : null}
    </div>
  );
}

function Parallelism({ backfill }: { readonly backfill: BackfillDetail }) {
  const [runs, setRuns] = useState(String(backfill.parallelism));
  const field = useId();
  const parallelism = Number(runs);
  const fits = Number.isInteger(parallelism) && parallelism >= 1 && parallelism <= MAX_PARALLELISM;
  return (
    <AskButton
      kind="set-backfill-parallelism"
      label={`${plural(backfill.parallelism, "run")} at once…`}
      request={fits ? { kind: "set-backfill-parallelism", target: backfill.id, parallelism } : null}
      title="How many runs at once?"
      confirm="Change"
    >
      <div className="flex w-36 flex-col gap-1 text-xs text-fg-muted">
        <label htmlFor={field}>Runs at once</label>
        <Input
          id={field}
          type="number"
          min={1}
          max={MAX_PARALLELISM}
          value={runs}
          onChange={({ target }) => setRuns(target.value)}
        />
      </div>
      <p>One slot always stays free for fresh data: of these runs, as many compute at the same time as that leaves.</p>
    </AskButton>
  );
}

function Cancel({ backfill: { id, parts } }: { readonly backfill: BackfillDetail }) {
  const [inFlight, setInFlight] = useState(false);
  return (
    <AskButton
      label="Cancel…"
      request={{ kind: "cancel-backfill", target: id, inFlight }}
      title="Cancel this backfill?"
      confirm="Cancel the backfill"
      danger
    >
      <p>{plural(parts.queued, "partition")} will not begin; what succeeded stays as it is.</p>
      <label className="flex min-h-6 items-center gap-2">
        <input type="checkbox" checked={inFlight} onChange={({ target }) => setInFlight(target.checked)} />
        Also interrupt what runs now ({plural(parts.running, "partition")}); it publishes nothing
      </label>
    </AskButton>
  );
}
