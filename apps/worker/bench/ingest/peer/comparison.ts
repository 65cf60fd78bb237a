import { percentile, round } from "../../figures.ts";
import { perRow } from "../cpu-seconds.ts";
import type { Cost } from "../measured.ts";

/** What one product took for what every product was given. */
export interface Comparison extends Cost {
  readonly product: string;
  /** What stands at the end, in words. */
  readonly wrote: string;
  /** Largest memory of the product during the stretch. */
  readonly peakMiB: number | null;
  /** Milliseconds until a sender has its answer, by nearest rank; null where nobody is answered. */
  readonly ackP99: number | null;
}

/** A line for each stretch and product: the middle of its rounds, and from where to where they went. */
export function comparisonTable(comparisons: readonly Comparison[]): Record<string, object> {
  const groups = Map.groupBy(comparisons, ({ what, product, wrote }) => `${what}: ${product}, ${wrote}`);
  return Object.fromEntries(
    [...groups].map(([name, rounds]) => {
      const costs = rounds.map((each) => perRow(each));
      const middle = (values: readonly (number | null)[]): number | string =>
        values.some((value) => value === null) ? "" : round(percentile(values.map(Number), 0.5));
      const rates = rounds.map(({ rows, seconds }) => rows / seconds);
      return [
        name,
        {
          "rows/s": Math.round(Number(middle(rates))),
          ...(rounds.length > 1 && {
            "from–to": `${Math.round(Math.min(...rates))}–${Math.round(Math.max(...rates))}`,
          }),
          "its µs a row": middle(costs.map(({ own }) => own)),
          "with databases": middle(costs.map(({ withDatabases }) => withDatabases)),
          "peak MiB": middle(rounds.map(({ peakMiB }) => peakMiB)),
          "ack p99 ms": middle(rounds.map(({ ackP99 }) => ackP99)),
          "others' share": costs.map(({ othersShare }) => othersShare).join(" "),
        },
      ];
    }),
  );
}
