"use client";

import type { RunDetail, RunStep } from "@nova/db/read-models";
import type { RetryScope } from "@nova/pipeline-core/orchestration";
import { Ban, RotateCcw } from "lucide-react";
import { useState } from "react";
import { plural } from "@/ui/format.ts";
import { AskButton } from "./ask-button.tsx";
import { MarkRun, UnmarkRun } from "./mark-run.tsx";

interface RunActionsProps {
  readonly run: RunDetail;
  readonly steps: readonly RunStep[];
}

/** What can be done with this run now: cancel while it runs, retry when it has ended. */
export function RunActions({ run, steps }: RunActionsProps) {
  return (
    <>
      {run.endedAt === null ? <CancelRun run={run} steps={steps} /> : <RetryRun run={run} steps={steps} />}
      {run.trigger === "backfill" ? null : <MarkRun id={run.id} steps={steps} />}
      {run.endedAt === null ? null : <UnmarkRun id={run.id} steps={steps} />}
    </>
  );
}

function CancelRun({ run, steps }: RunActionsProps) {
  const of = (...states: readonly RunStep["state"][]) => steps.filter((step) => states.includes(step.state)).length;
  return (
    <AskButton
      request={{ kind: "cancel-run", target: run.id }}
      label={
        <>
          <Ban aria-hidden className="size-3.5" />
          Cancel run
        </>
      }
      title="Cancel this run?"
      confirm="Cancel the run"
      danger
    >
      <ul className="list-disc pl-5">
        <li>{plural(of("waiting"), "waiting step")} will not start.</li>
        <li>{plural(of("running", "retrying"), "running step")} will be interrupted and publish nothing.</li>
        <li>{plural(of("succeeded"), "step")} that published stay as they are.</li>
        <li>The cancelled datasets do not start by themselves for 5 minutes; running or retrying them ends that.</li>
      </ul>
    </AskButton>
  );
}

const SCOPES: readonly { readonly scope: RetryScope; readonly label: string }[] = [
  { scope: "failed", label: "What failed or was cancelled, and the steps that waited for it" },
  { scope: "from", label: "From a step on: it and every step after it" },
  { scope: "selected", label: "Chosen steps" },
  { scope: "all", label: "All steps" },
];

function RetryRun({ run, steps }: RunActionsProps) {
  const broken = steps.filter((step) => step.state === "failed" || step.state === "cancelled");
  const [scope, setScope] = useState<RetryScope | null>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const current = scope ?? (broken.length > 0 ? "failed" : "all");
  const named = current === "from" || current === "selected";
  const datasets = named ? chosen : [];
  return (
    <AskButton
      kind="retry-run"
      label={
        <>
          <RotateCcw aria-hidden className="size-3.5" />
          Retry…
        </>
      }
      request={
        named && datasets.length === 0
          ? null
          : { kind: "retry-run", target: run.id, scope: current, datasets: [...datasets] }
      }
      title="Retry this run"
      confirm="Retry"
    >
      <p>
        A new run, linked to this one, does the steps again on the inputs of now. What is there already from the same
        inputs and code is skipped, and says so.
      </p>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1 font-medium">Steps to do again</legend>
        {SCOPES.map((one) => (
          <label key={one.scope} className="flex min-h-6 items-center gap-2">
            <input
              type="radio"
              name="scope"
              checked={current === one.scope}
              onChange={() => {
                setScope(one.scope);
                setChosen([]);
              }}
            />
            {one.label}
          </label>
        ))}
      </fieldset>
      {named ? (
        <fieldset className="flex max-h-48 flex-col gap-1 overflow-auto rounded-md border border-line p-2">
          <legend className="sr-only">{current === "from" ? "The step to begin at" : "Steps"}</legend>
          {steps.map(({ dataset }) => (
            <label key={dataset} className="flex min-h-6 items-center gap-2 font-mono text-xs">
              <input
                type={current === "from" ? "radio" : "checkbox"}
                name="step"
                checked={chosen.includes(dataset)}
                onChange={({ target }) =>
                  setChosen(
                    current === "from"
                      ? [dataset]
                      : target.checked
                        ? [...chosen, dataset]
                        : chosen.filter((other) => other !== dataset),
                  )
                }
              />
              {dataset}
            </label>
          ))}
        </fieldset>
      ) : null}
    </AskButton>
  );
}
