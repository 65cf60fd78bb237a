"use client";

import type { RunStep } from "@nova/db/read-models";
import { parametersText } from "@nova/pipeline-core/catalog";
import { POLICY } from "@nova/pipeline-core/kernel";
import { X } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { scanCost } from "@/features/cost/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { IconButton } from "@/ui/button.tsx";
import { Duration } from "@/ui/duration.tsx";
import { formatBytes, formatCount } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";
import { ERROR_WORDS, STEP_STATE_WORDS } from "../run-words.ts";
import { StepStatus } from "./run-status.tsx";

interface StepDetailProps {
  readonly step: RunStep;
  readonly onClose: () => void;
}

/** What the chosen step did and why; its log lines stand below. */
export function StepDetail({ step, onClose }: StepDetailProps) {
  const cost = scanCost(step.scannedBytes, step.billedBytes);
  return (
    <section aria-label={`Step ${step.dataset}`} className="border-t border-line bg-sunken px-4 py-3 text-xs">
      <div className="flex items-start justify-between gap-3">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link href={paths.dataset(step.dataset)} className="font-mono font-medium hover:underline">
            {step.dataset}
          </Link>
          <StepStatus state={step.state} />
        </p>
        <IconButton size="sm" label="Show every step" icon={<X aria-hidden />} onClick={onClose} />
      </div>
      {step.mark === null ? null : (
        <p className="mt-1 break-words">
          <span className="font-medium">
            Marked as {step.state === "done-by-hand" ? "done" : "failed"} by {step.mark.by},{" "}
            <Timestamp at={step.mark.at} />:
          </span>{" "}
          {step.mark.reason} <span className="text-fg-muted">It changed no rows, and its data reaches no further.</span>
        </p>
      )}
      {step.errorKind === null ? null : (
        <p className="mt-1 break-words text-bad">
          {step.state === "done-by-hand" ? "It had failed. " : ""}
          {POLICY[step.errorKind].remedy} {step.errorMessage ?? `${ERROR_WORDS[step.errorKind]}.`}
        </p>
      )}
      <p className="mt-1 text-fg-muted">
        {step.skipReason === null ? step.reason : `${STEP_STATE_WORDS[step.state].label}: ${step.skipReason}.`}
      </p>
      <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-1.5">
        <Fact label="Waited">
          <Duration from={step.waitingSince} to={step.startedAt ?? step.endedAt} />
        </Fact>
        <Fact label="Took">
          <Duration from={step.startedAt} to={step.endedAt} />
        </Fact>
        <Fact label="Attempts">{formatCount(step.attempts.length)}</Fact>
        {step.retryAt === null ? null : (
          <Fact label="Next try">
            <Timestamp at={step.retryAt} />
          </Fact>
        )}
        {step.rowsIn === null ? null : <Fact label="Rows in">{formatCount(step.rowsIn)}</Fact>}
        {step.rowsOut === null ? null : <Fact label="Rows out">{formatCount(step.rowsOut)}</Fact>}
        {step.bytes === null ? null : <Fact label="Written">{formatBytes(step.bytes)}</Fact>}
        {cost === null ? null : <Fact label="Cost">{cost}</Fact>}
        {step.snapshotAfter === null ? null : (
          <Fact label="Snapshot">
            <span className="font-mono">
              {step.snapshotBefore ?? "none"} → {step.snapshotAfter}
            </span>
          </Fact>
        )}
        {step.parameters === null || step.parameters === undefined ? null : (
          <Fact label="Parameters">
            <span className="font-mono">{parametersText(step.parameters)}</span>
          </Fact>
        )}
        {step.key === null ? null : (
          <Fact label="Idempotency key">
            <span className="font-mono">{step.key}</span>
          </Fact>
        )}
        {step.after.length === 0 ? null : (
          <Fact label="After">
            <span className="font-mono">{step.after.join(", ")}</span>
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="text-2xs text-fg-subtle">{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}
