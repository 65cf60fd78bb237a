import type { BackfillPlan } from "@nova/pipeline-core/orchestration";
import { rangesText } from "@nova/pipeline-core/orchestration";
import { Fact, Facts } from "@/ui/facts.tsx";
import { formatBytes, formatCompact, formatCount, formatDuration, plural } from "@/ui/format.ts";

/** A frozen plan: what is done, what it takes, who notices. */
export function PlanPreview({ plan }: { readonly plan: BackfillPlan }) {
  return (
    <section aria-label="Plan" className="flex flex-col gap-3 rounded-md border border-line p-3">
      <Facts>
        <Fact name="Does">
          {plural(plan.partitions, "partition")} in {plural(plan.runs, "run")}
        </Fact>
        <Fact name="There now">
          {formatCompact(plan.rows)} rows, {formatBytes(plan.bytes)}
        </Fact>
        <Fact name="Takes">
          {plan.seconds === null
            ? "Not known: a dataset of it has not run lately"
            : `About ${formatDuration(plan.seconds)}, by what earlier runs took`}
        </Fact>
        <Fact name="Costs">Nothing on the local engine; ${plan.dollars} of reads on AWS, at $5 a terabyte scanned</Fact>
        <Fact name="Follow by themselves">
          {plan.affected.length === 0
            ? "Nothing else is made from it"
            : plan.affected.map(({ dataset, owner }) => `${dataset} (${owner})`).join(", ")}
        </Fact>
        <Fact name="Target lag at risk">
          {plan.atRisk.length === 0
            ? "None: fresh data goes first, and a run holds its dataset for less than that"
            : plan.atRisk
                .map(
                  (one) =>
                    `${one.dataset}: a run takes ${formatDuration(one.runSeconds)} of ${formatDuration(one.targetLagSeconds)}`,
                )
                .join("; ")}
        </Fact>
      </Facts>
      <div role="region" aria-label="Datasets of the plan" tabIndex={0} className="max-h-40 overflow-auto">
        <table className="w-full text-left text-xs">
          <thead className="text-fg-muted">
            <tr>
              <th scope="col" className="py-1 pr-3 font-medium">
                Dataset
              </th>
              <th scope="col" className="py-1 pr-3 text-right font-medium">
                Partitions
              </th>
              <th scope="col" className="py-1 font-medium">
                Why
              </th>
            </tr>
          </thead>
          <tbody>
            {plan.datasets.map((one) => (
              <tr key={one.dataset} className="border-t border-line align-top">
                <td className="py-1 pr-3 font-mono break-all">{one.dataset}</td>
                <td className="num py-1 pr-3 text-right" title={one.ranges === null ? "whole" : rangesText(one.ranges)}>
                  {one.ranges === null ? "whole" : formatCount(one.partitions)}
                </td>
                <td className="py-1 text-fg-muted">{one.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {plan.notes.length === 0 ? null : (
        <ul className="list-disc pl-5 text-xs text-fg-muted">
          {plan.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
