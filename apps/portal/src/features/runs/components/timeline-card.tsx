"use client";

import type { RunDetail, RunStep } from "@nova/db/read-models";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { useNow } from "@/ui/time.tsx";
import { prepareTimeline } from "../charts/prepare-timeline.ts";
import { TimelineChart } from "../charts/timeline-chart.tsx";
import { runSearchParsers } from "../run-search.ts";
import { Comparison } from "./comparison.tsx";
import { StepDetail } from "./step-detail.tsx";
import { StepsTable } from "./steps-table.tsx";

const VIEWS = [
  { value: "timeline", label: "Timeline" },
  { value: "table", label: "Table" },
  { value: "compare", label: "Compare" },
] as const;
/** With more steps than this, skipped ones are folded away until asked for. */
const FEW_STEPS = 12;

export function TimelineCard({ run, steps }: { readonly run: RunDetail; readonly steps: readonly RunStep[] }) {
  const [{ view, skipped, step }, setSearch] = useQueryStates(runSearchParsers, { history: "replace" });
  const skippedCount = steps.filter((one) => one.state === "skipped").length;
  const withSkipped = skipped ?? (steps.length <= FEW_STEPS || skippedCount === steps.length);
  const shown = useMemo(
    () => (withSkipped ? steps : steps.filter((one) => one.state !== "skipped" || one.dataset === step)),
    [steps, withSkipped, step],
  );
  const chosen = steps.find((one) => one.dataset === step);
  const choose = (dataset: string | null): void => void setSearch({ step: dataset, line: null });
  return (
    <Card
      title="Steps"
      flush
      aside={
        <>
          <span>
            {shown.length === steps.length
              ? plural(steps.length, "step")
              : `${shown.length} of ${plural(steps.length, "step")}`}
          </span>
          {skippedCount === 0 ? null : (
            <Button size="sm" kind="ghost" onClick={() => void setSearch({ skipped: !withSkipped })}>
              {withSkipped ? "Hide" : "Show"} {skippedCount} skipped
            </Button>
          )}
          <SegmentedControl
            label="View of the steps"
            value={view}
            choices={VIEWS}
            onChange={(next) => void setSearch({ view: next })}
          />
        </>
      }
    >
      {view === "compare" ? (
        <Comparison run={run} />
      ) : shown.length === 0 ? (
        <EmptyState kind="none-yet" title="This run has no steps" compact>
          Its plan was empty when it started.
        </EmptyState>
      ) : view === "table" ? (
        <StepsTable steps={shown} />
      ) : (
        <LiveTimeline run={run} steps={shown} chosen={step} onChoose={choose} />
      )}
      {chosen === undefined ? null : <StepDetail step={chosen} onClose={() => choose(null)} />}
    </Card>
  );
}

interface LiveTimelineProps {
  readonly run: RunDetail;
  readonly steps: readonly RunStep[];
  readonly chosen: string | null;
  readonly onChoose: (dataset: string | null) => void;
}

/** Only the drawing follows the clock. */
function LiveTimeline({ run, steps, chosen, onChoose }: LiveTimelineProps) {
  const now = useNow();
  const end = run.endedAt === null ? now : 0;
  const timeline = useMemo(() => prepareTimeline(run, steps, end), [run, steps, end]);
  return <TimelineChart timeline={timeline} chosen={chosen} onChoose={onChoose} />;
}
