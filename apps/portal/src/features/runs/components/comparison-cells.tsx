"use client";

import type { DatasetComparison } from "@nova/db/read-models";
import { parametersText } from "@nova/pipeline-core/catalog";
import type { ReactNode } from "react";
import { formatDuration, formatKnown, plural } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import { useNow } from "@/ui/time.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import type { StepDifference } from "../compare-steps.ts";
import { judgedLater, judgedText, whyNoCode, whyNoInputs, whyNotJudged } from "../comparison-words.ts";

/** From this many times as long on, a step is told to be slow. */
const SLOW = 1.5;
/** Shorter than this, a multiple says nothing. */
const SLOW_SECONDS = 2;

/** A step beside the last good one. */
export interface ComparedRow extends DatasetComparison {
  readonly difference: StepDifference | null;
}

interface CellProps {
  readonly row: ComparedRow;
}

/** Now above, then below. */
export function Pair({
  now,
  before,
  note,
}: {
  readonly now: string;
  readonly before: string | null;
  readonly note?: ReactNode;
}) {
  return (
    <>
      <p>{now}</p>
      {before === null ? null : <p className="text-xs text-fg-muted">was {before}</p>}
      {note}
    </>
  );
}

export function Durations({ row: { now, lastGood, difference } }: CellProps) {
  const before = lastGood?.seconds ?? null;
  const slower = difference?.slower ?? null;
  const slow = slower !== null && slower >= SLOW && (now.seconds ?? 0) >= SLOW_SECONDS;
  return (
    <Pair
      now={formatKnown(now.seconds, formatDuration)}
      before={before === null ? null : formatDuration(before)}
      note={
        slow ? (
          <p className="text-xs">
            <StatusText tone="warn" label={`${slower.toFixed(1)}× as long`} />
          </p>
        ) : null
      }
    />
  );
}

export function Inputs({ row }: CellProps) {
  if (row.difference === null) return null;
  const { inputs } = row.difference;
  if (inputs === null) return <Muted>{whyNoInputs(row)}</Muted>;
  if (inputs.length === 0) return <Muted>the same snapshots</Muted>;
  return (
    <details className="text-xs">
      <summary className="min-h-6 cursor-pointer rounded-sm leading-6">{plural(inputs.length, "input")} moved</summary>
      <ul className="flex flex-col gap-1">
        {inputs.map(({ input, before, now }) => (
          <li key={input}>
            <span className="font-mono">{input}</span>
            <span className="num block font-mono text-2xs break-all text-fg-muted">
              {before ?? "nothing"} → {now ?? "nothing"}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function Code({ row }: CellProps) {
  return (
    <>
      <CodeVersions row={row} />
      <Parameters row={row} />
    </>
  );
}

/** By which values each of the two computed, where either did not by the defaults. */
function Parameters({ row: { now, lastGood } }: CellProps) {
  const [after, before] = [now.parameters ?? null, lastGood?.parameters ?? null];
  if (after === null && before === null) return null;
  const text = (values: typeof after): string => (values === null ? "the defaults" : parametersText(values));
  return (
    <p className="text-xs">
      with {text(after)}
      {lastGood === null ? null : <span className="block text-fg-muted">was {text(before)}</span>}
    </p>
  );
}

function CodeVersions({ row }: CellProps) {
  const { now, lastGood, difference } = row;
  if (difference === null || lastGood === null) return null;
  if (difference.codeChanged === null) return <Muted>{whyNoCode(row)}</Muted>;
  if (!difference.codeChanged) return <Muted>the same</Muted>;
  return (
    <>
      <StatusText tone="info" label="Changed" />
      <p className="font-mono text-2xs whitespace-nowrap text-fg-muted">
        {lastGood.codeVersion?.slice(0, 10)} → {now.codeVersion?.slice(0, 10)}
      </p>
    </>
  );
}

/** What the checks said, what of it is another than before, and on which rows they were judged. */
export function Checks({ row }: CellProps) {
  const { now, lastGood, difference } = row;
  const why = whyNotJudged(row, new Date(useNow()));
  if (why !== null) return <Muted>{why}</Muted>;
  const turned = difference?.checks ?? [];
  const later = judgedLater(now);
  return (
    <div className="max-w-72 text-xs">
      <p className={now.checks.some(({ outcome }) => outcome === "failed") ? "text-bad" : undefined}>
        {judgedText(now)}
        {difference?.checks?.length === 0 ? ", the same" : null}
      </p>
      {turned.length === 0 ? null : (
        <ul className="flex flex-col gap-0.5">
          {turned.map(({ name, before, now: after }) => (
            <li key={name}>
              <span className={after === "failed" ? "text-bad" : undefined}>{name}</span>{" "}
              <span className="text-fg-muted">
                {before ?? "not judged"} → {after ?? "not judged"}
              </span>
            </li>
          ))}
        </ul>
      )}
      {later === null ? null : (
        <p className="text-fg-muted">
          judged <Timestamp at={later} />, with what came after
        </p>
      )}
      {lastGood !== null && lastGood.checks.length === 0 ? (
        <p className="text-fg-muted">the last good run was not judged before this one began</p>
      ) : null}
    </div>
  );
}

function Muted({ children }: { readonly children: string }) {
  return <p className="max-w-56 text-xs text-fg-muted">{children}</p>;
}
