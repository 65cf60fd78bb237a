"use client";

import {
  type CommandRequest,
  commandRequestSchema,
  MOST_POOL_PLACES,
  type PoolState,
} from "@nova/pipeline-core/orchestration";
import { useId, useState } from "react";
import { AskButton, ReasonField } from "@/features/commands/index.ts";
import { plural } from "@/ui/format.ts";
import { Input } from "@/ui/input.tsx";

const HINT = "It stands in the audit and beside the pool.";

/** How many places a pool has can be changed, and set back to what the code says. */
export function PoolActions({ pool }: { readonly pool: PoolState }) {
  return (
    <div className="mt-2 flex flex-wrap gap-2">
      <SetPool pool={pool} />
      {pool.changed === null ? null : <ResetPool pool={pool} />}
    </div>
  );
}

function SetPool({ pool }: { readonly pool: PoolState }) {
  const { name, size, declared, running } = pool;
  const [places, setPlaces] = useState(String(size));
  const [reason, setReason] = useState("");
  const field = useId();
  const wanted = commandRequestSchema.safeParse({
    kind: "set-pool",
    target: name,
    places: places.trim() === "" ? undefined : Number(places),
    reason,
  });
  const same = Number(places) === size;
  const fewer = Number(places) < running.length;
  return (
    <AskButton
      kind="set-pool"
      label="Change places…"
      request={wanted.success && !same ? wanted.data : null}
      undo={undoTo(pool)}
      title={`Places of ${name}`}
      confirm="Change"
    >
      <div className="flex w-36 flex-col gap-1 text-xs text-fg-muted">
        <label htmlFor={field}>Steps at once</label>
        <Input
          id={field}
          type="number"
          min={1}
          max={MOST_POOL_PLACES}
          value={places}
          onChange={({ target }) => setPlaces(target.value)}
        />
      </div>
      <ReasonField value={reason} onChange={setReason} hint={HINT} />
      <p>
        From now on, and after a restart, at most that many of its steps run at once; the code says {declared}.
        {fewer ? " What runs now ends in peace, and nobody follows until there is room." : ""} To run nothing of it,
        pause the pipeline.
      </p>
    </AskButton>
  );
}

function ResetPool({ pool }: { readonly pool: PoolState }) {
  const { name, declared } = pool;
  const [reason, setReason] = useState("");
  const wanted = commandRequestSchema.safeParse({ kind: "reset-pool", target: name, reason });
  return (
    <AskButton
      kind="reset-pool"
      label={`Back to ${declared}…`}
      request={wanted.success ? wanted.data : null}
      undo={undoTo(pool)}
      title={`Places of ${name} as the code says`}
      confirm={`Back to ${declared}`}
    >
      <p>
        {name} has {plural(declared, "place")} again, as the code says.
      </p>
      <ReasonField value={reason} onChange={setReason} hint={HINT} />
    </AskButton>
  );
}

/** The ask for things as they are now. */
function undoTo({ name, size, changed }: PoolState): CommandRequest {
  return changed === null
    ? { kind: "reset-pool", target: name, reason: "taken back at once" }
    : { kind: "set-pool", target: name, places: size, reason: changed.reason };
}
