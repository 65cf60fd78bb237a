"use client";

import type { RunStep } from "@nova/db/read-models";
import { beforeMark, commandRequestSchema, type MarkAs, MARKS, marksOf } from "@nova/pipeline-core/orchestration";
import { Hand, Undo2 } from "lucide-react";
import { useState } from "react";
import { AskButton } from "./ask-button.tsx";
import { MARK_HINT, MARK_MEANS } from "./mark-words.ts";
import { ReasonField } from "./reason-field.tsx";

/** Says by hand what became of steps of a run; not there when nothing of it can be marked. */
export function MarkRun({ id, steps }: { readonly id: string; readonly steps: readonly RunStep[] }) {
  const [wanted, setWanted] = useState<MarkAs | null>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [reason, setReason] = useState("");
  const possible = MARKS.filter((as) => marksOf(steps, as).length > 0);
  const as = wanted !== null && possible.includes(wanted) ? wanted : possible[0];
  if (as === undefined) return null;
  const markable = marksOf(steps, as);
  const datasets = chosen.filter((dataset) => markable.includes(dataset));
  const request = commandRequestSchema.safeParse({ kind: "mark-run", target: id, as, datasets, reason });
  return (
    <AskButton
      kind="mark-run"
      label={
        <>
          <Hand aria-hidden className="size-3.5" />
          Mark by hand…
        </>
      }
      request={request.success && datasets.length > 0 ? request.data : null}
      title="Mark steps by hand"
      confirm={as === "done" ? "Mark as done" : "Mark as failed"}
      danger={as === "failed"}
      dangerButton={false}
      undo={as === "done" ? { kind: "unmark-run", target: id, datasets } : undefined}
    >
      {possible.length === 1 ? null : (
        <fieldset className="flex flex-wrap gap-4">
          <legend className="sr-only">What became of them</legend>
          {possible.map((one) => (
            <label key={one} className="flex min-h-6 items-center gap-2">
              <input type="radio" name="as" checked={one === as} onChange={() => setWanted(one)} />
              {one === "done" ? "Done" : "Failed"}
            </label>
          ))}
        </fieldset>
      )}
      <p>{MARK_MEANS[as]}</p>
      <fieldset className="flex max-h-48 flex-col gap-1 overflow-auto rounded-md border border-line p-2">
        <legend className="sr-only">Steps</legend>
        {markable.map((dataset) => (
          <label key={dataset} className="flex min-h-6 items-center gap-2 font-mono text-xs">
            <input
              type="checkbox"
              checked={datasets.includes(dataset)}
              onChange={({ target }) =>
                setChosen(target.checked ? [...chosen, dataset] : chosen.filter((other) => other !== dataset))
              }
            />
            {dataset}
          </label>
        ))}
      </fieldset>
      <ReasonField value={reason} onChange={setReason} hint={MARK_HINT} />
    </AskButton>
  );
}

/** Takes back what was marked as done by hand; not there without such a step. */
export function UnmarkRun({ id, steps }: { readonly id: string; readonly steps: readonly RunStep[] }) {
  const marked = steps.filter((step) => beforeMark(step) !== null).map(({ dataset }) => dataset);
  if (marked.length === 0) return null;
  return (
    <AskButton
      kind="unmark-run"
      label={
        <>
          <Undo2 aria-hidden className="size-3.5" />
          Take back marks…
        </>
      }
      request={{ kind: "unmark-run", target: id, datasets: [] }}
      title="Take back what was marked as done?"
      confirm="Take back"
    >
      <ul className="list-disc pl-5">
        {marked.map((dataset) => (
          <li key={dataset} className="font-mono text-xs">
            {dataset}
          </li>
        ))}
      </ul>
      <p>
        They have failed, or were skipped, as before. It is refused once another run went on from a mark or did the
        dataset again. No rows are changed.
      </p>
    </AskButton>
  );
}
