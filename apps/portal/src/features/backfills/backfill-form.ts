import { type BackfillOptions, checkParameter } from "@nova/pipeline-core/catalog";
import {
  type BackfillScope,
  type BackfillSpec,
  backfillSpecSchema,
  PER_RANGE,
  type PerRun,
} from "@nova/pipeline-core/orchestration";

export const CUTS = ["per_day", "per_range", "days"] as const;
/** How days become runs: one each, one for a range, or a number of days together. */
export type Cut = (typeof CUTS)[number];

export interface BackfillForm {
  readonly from: string;
  readonly to: string;
  readonly scope: BackfillScope;
  readonly downstream: boolean;
  readonly cut: Cut;
  /** Of the cut `days`. */
  readonly days: string;
  readonly parallelism: string;
  /** What was put into the fields of parameters, by name. */
  readonly parameters: Readonly<Record<string, string>>;
}

export function perRunText(perRun: PerRun): string {
  if (perRun === PER_RANGE) return "One run a range";
  return perRun === 1 ? "One run a day" : `One run for ${perRun} days`;
}

/** What the form asks for, or the first thing that is wrong with it. */
export function specOf(
  dataset: string,
  form: BackfillForm,
  options: BackfillOptions | null,
): { readonly spec: BackfillSpec } | { readonly problem: string } {
  if ((form.from === "") !== (form.to === "")) return { problem: "Name the first and the last day, or neither." };
  const set: Record<string, string> = {};
  for (const [name, definition] of Object.entries(options?.parameters ?? {})) {
    const text = form.parameters[name];
    if (text === undefined) continue;
    const checked = checkParameter(definition, text);
    if ("problem" in checked) return { problem: `${name} ${checked.problem}.` };
    if (checked.value !== definition.default) set[name] = checked.value;
  }
  const parsed = backfillSpecSchema.safeParse({
    dataset,
    ranges: form.from === "" ? [] : [{ from: form.from, to: form.to }],
    scope: form.scope,
    downstream: form.downstream,
    perRun: form.cut === "per_range" ? PER_RANGE : form.cut === "per_day" ? 1 : Number(form.days),
    parallelism: Number(form.parallelism),
    ...(Object.keys(set).length === 0 ? {} : { parameters: set }),
  });
  if (parsed.success) return { spec: parsed.data };
  const [issue] = parsed.error.issues;
  return { problem: `${issue?.path.join(".") ?? "spec"}: ${issue?.message ?? "is not valid"}` };
}
