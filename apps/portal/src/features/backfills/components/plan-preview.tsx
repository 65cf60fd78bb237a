import { parametersText } from "@nova/pipeline-core/catalog";
import type { BackfillPlan, PerRun, PlannedCut } from "@nova/pipeline-core/orchestration";
import { rangesText } from "@nova/pipeline-core/orchestration";
import { Fact, Facts } from "@/ui/facts.tsx";
import { formatBytes, formatCompact, formatCount, formatDuration, plural } from "@/ui/format.ts";
import { perRunText } from "../backfill-form.ts";

/** A frozen plan: what is done, what it takes, who notices. `cost`: what doing it has cost, where it was submitted. */
export function PlanPreview({ plan, cost }: { readonly plan: BackfillPlan; readonly cost?: string | undefined }) {
  return (
    <section aria-label="What the plan does" className="flex flex-col gap-3 rounded-md border border-line p-3">
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
        {plan.datasets.map(({ dataset, parameters }) =>
          parameters === undefined ? null : (
            <Fact key={dataset} name="Parameters">
              <span className="font-mono text-xs">{parametersText(parameters)}</span>, in place of the defaults
            </Fact>
          ),
        )}
        <Fact name="Costs">
          Nothing on the local engine; ${plan.dollars} of reads on AWS, at $5 a terabyte scanned
          {cost === undefined ? null : <p className="font-medium">{cost}</p>}
        </Fact>
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
      {plan.cuts === undefined ? null : <Cuts cuts={plan.cuts} chosen={plan.spec.perRun} />}
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

/** What the plan takes by each way of cutting its days, so that the cheaper one is seen. */
function Cuts({ cuts, chosen }: { readonly cuts: readonly PlannedCut[]; readonly chosen: PerRun | undefined }) {
  return (
    <table aria-label="Ways of cutting the days" className="w-full text-left text-xs">
      <thead className="text-fg-muted">
        <tr>
          <th scope="col" className="py-1 pr-3 font-medium">
            Cut
          </th>
          <th scope="col" className="py-1 pr-3 text-right font-medium">
            Runs
          </th>
          <th scope="col" className="py-1 pr-3 text-right font-medium">
            Read
          </th>
          <th scope="col" className="py-1 text-right font-medium">
            On AWS
          </th>
        </tr>
      </thead>
      <tbody>
        {cuts.map(({ perRun, runs, bytesRead, dollars }) => (
          <tr key={perRun} className="border-t border-line">
            <td className={perRun === chosen ? "py-1 pr-3 font-medium" : "py-1 pr-3 text-fg-muted"}>
              {perRunText(perRun)}
              {perRun === chosen ? " (this plan)" : null}
            </td>
            <td className="num py-1 pr-3 text-right">{formatCount(runs)}</td>
            <td className="num py-1 pr-3 text-right">{formatBytes(bytesRead)}</td>
            <td className="num py-1 text-right">${dollars}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
