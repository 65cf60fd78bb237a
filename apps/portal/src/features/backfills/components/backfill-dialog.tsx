"use client";

import { BACKFILL_SCOPES, type BackfillScope, type DayRange, MAX_PARALLELISM } from "@nova/pipeline-core/orchestration";
import type { BackfillOptions } from "@nova/pipeline-core/catalog";
import { useState } from "react";
import { AskDialog } from "@/features/commands/index.ts";
import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { plural } from "@/ui/format.ts";
import { Input } from "@/ui/input.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { type BackfillForm, CUTS, specOf } from "../backfill-form.ts";
import { CUT_WORDS, SCOPE_WORDS } from "../backfill-words.ts";
import { usePlan } from "../use-plan.ts";
import { ParameterFields } from "./parameter-fields.tsx";
import { PlanPreview } from "./plan-preview.tsx";

export interface BackfillDialogProps {
  readonly dataset: string;
  /** True for a dataset that is cut into days. */
  readonly byDay: boolean;
  /** What its model says of backfills; null for a dataset without one. */
  readonly options: BackfillOptions | null;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** What was chosen before; null: everything. */
  readonly range: DayRange | null;
  readonly scope?: BackfillScope;
}

/** What to do again, and the frozen plan of it; submitting executes that plan and no other. */
export function BackfillDialog(props: BackfillDialogProps) {
  const { dataset, byDay, options, open, onOpenChange, range, scope = "missing-and-failed" } = props;
  const initial: BackfillForm = {
    from: range?.from ?? "",
    to: range?.to ?? "",
    scope: byDay ? scope : "all",
    downstream: false,
    cut: options?.runs ?? "per_day",
    days: "7",
    parallelism: "1",
    parameters: {},
  };
  const [form, setForm] = useState(initial);
  const [wasOpen, setWasOpen] = useState(open);
  if (open !== wasOpen) {
    setWasOpen(open);
    setForm(initial);
  }
  const parsed = specOf(dataset, form, options);
  const planned = usePlan(open && "spec" in parsed ? parsed.spec : null);
  const error = "problem" in parsed ? parsed.problem : planned.error;
  const change = (next: Partial<BackfillForm>): void => setForm({ ...form, ...next });
  return (
    <AskDialog
      open={open}
      onOpenChange={onOpenChange}
      kind="submit-backfill"
      request={planned.plan === null ? null : { kind: "submit-backfill", target: planned.plan.id }}
      title={`Backfill ${dataset}`}
      confirm={planned.plan === null ? "Launch" : `Launch ${plural(planned.plan.plan.runs, "run")}`}
    >
      {byDay ? <DayFields form={form} change={change} /> : null}
      <label className="flex min-h-6 items-center gap-2">
        <input
          type="checkbox"
          checked={form.downstream}
          onChange={({ target }) => change({ downstream: target.checked })}
        />
        Also everything made from it
      </label>
      {options === null ? null : (
        <ParameterFields
          options={options}
          given={form.parameters}
          change={(name, value) => change({ parameters: { ...form.parameters, [name]: value } })}
        />
      )}
      <div className="flex flex-wrap items-end gap-4">
        {byDay ? (
          <div>
            <p className="mb-1 text-xs text-fg-muted">Runs</p>
            <SegmentedControl
              label="Runs"
              value={form.cut}
              choices={CUTS.map((value) => ({ value, label: CUT_WORDS[value] }))}
              onChange={(cut) => change({ cut })}
            />
          </div>
        ) : null}
        {byDay && form.cut === "days" ? (
          <Field label="Days per run">
            <Input type="number" min={1} value={form.days} onChange={({ target }) => change({ days: target.value })} />
          </Field>
        ) : null}
        <Field label="Runs at once">
          <Input
            type="number"
            min={1}
            max={MAX_PARALLELISM}
            value={form.parallelism}
            onChange={({ target }) => change({ parallelism: target.value })}
          />
        </Field>
      </div>
      <div aria-live="polite">
        {error !== null ? (
          <Banner tone="warn" title="This cannot be planned">
            {error}
          </Banner>
        ) : planned.plan === null ? (
          <Skeleton height={220} />
        ) : (
          <PlanPreview plan={planned.plan.plan} />
        )}
      </div>
      <p className="text-xs text-fg-muted">
        Fresh data always goes first. What is shown is what runs, or it is refused because the world moved.{" "}
        <Button size="sm" kind="ghost" busy={planned.planning && error === null} onClick={() => planned.again()}>
          Plan again
        </Button>
      </p>
    </AskDialog>
  );
}

interface FieldsProps {
  readonly form: BackfillForm;
  readonly change: (next: Partial<BackfillForm>) => void;
}

function DayFields({ form, change }: FieldsProps) {
  return (
    <>
      <fieldset className="flex flex-wrap gap-4">
        <legend className="mb-1 font-medium">Days (UTC); leave both empty for all of them</legend>
        <Field label="From">
          <Input type="date" value={form.from} onChange={({ target }) => change({ from: target.value })} />
        </Field>
        <Field label="To">
          <Input type="date" value={form.to} onChange={({ target }) => change({ to: target.value })} />
        </Field>
      </fieldset>
      <div>
        <p className="mb-1 font-medium">Which of them</p>
        <SegmentedControl
          label="Which of them"
          value={form.scope}
          choices={BACKFILL_SCOPES.map((value) => ({ value, label: SCOPE_WORDS[value] }))}
          onChange={(scope) => change({ scope })}
        />
      </div>
    </>
  );
}

function Field({ label, children }: { readonly label: string; readonly children: React.ReactNode }) {
  return (
    <label className="flex w-36 flex-col gap-1 text-xs text-fg-muted">
      {label}
      {children}
    </label>
  );
}
