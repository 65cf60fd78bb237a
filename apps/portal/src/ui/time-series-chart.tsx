"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import { Button } from "./button.tsx";
import { Skeleton } from "./skeleton.tsx";
import { formatMoment } from "./timestamp.tsx";
import { useTimeZone } from "./time.tsx";
import type { ChartColor, TimePoint, TimeSeries } from "./time-series-plot.tsx";

export type { ChartColor, TimePoint };

const Plot = dynamic(() => import("./time-series-plot.tsx").then((module) => module.TimeSeriesPlot), { ssr: false });

interface TimeSeriesChartProps {
  /** Says what is drawn: "Rows per second". */
  readonly label: string;
  /** Evenly spaced, oldest first. */
  readonly points: readonly TimePoint[];
  readonly series: readonly TimeSeries[];
  readonly formatValue: (value: number) => string;
  readonly height?: number;
  /** A line to judge values by, with its name. */
  readonly threshold?: { readonly value: number; readonly label: string };
}

/** Values over time as an area chart, with the same numbers as a table on demand. */
export function TimeSeriesChart({ label, points, series, formatValue, height = 180, threshold }: TimeSeriesChartProps) {
  const [asTable, setAsTable] = useState(false);
  const zone = useTimeZone();
  return (
    <figure aria-label={label} className="min-w-0">
      <div style={{ height }} className="relative overflow-hidden">
        {asTable ? (
          <div className="h-full overflow-auto" role="region" tabIndex={0} aria-label={`${label}, data`}>
            <table className="num w-full text-xs">
              <thead>
                <tr className="sticky top-0 bg-surface text-left text-fg-muted">
                  <th scope="col" className="py-1 font-medium">
                    Time
                  </th>
                  {series.map((one) => (
                    <th key={one.key} scope="col" className="py-1 text-right font-medium">
                      {one.label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {points.toReversed().map((point) => (
                  <tr key={point.at} className="border-t border-line">
                    <td className="py-0.5">
                      {formatMoment(new Date(point.at), zone, (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0))}
                    </td>
                    {series.map((one) => {
                      const value = point.values[one.key];
                      return (
                        <td key={one.key} className="py-0.5 text-right">
                          {value === null || value === undefined ? "–" : formatValue(value)}
                        </td>
                      );
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <>
            <div className="absolute inset-0 -z-10">
              <Skeleton height={height} />
            </div>
            <div className="h-full bg-surface">
              <Plot
                label={label}
                points={points}
                series={series}
                formatValue={formatValue}
                height={height}
                zone={zone}
                threshold={threshold}
              />
            </div>
          </>
        )}
      </div>
      <figcaption className="mt-2 flex flex-wrap items-center justify-between gap-2 text-xs text-fg-muted">
        <span className="flex flex-wrap items-center gap-3">
          {series.map((one) => (
            <span key={one.key} className="inline-flex items-center gap-1.5">
              <span aria-hidden className="size-2 rounded-full" style={{ background: `var(--chart-${one.color})` }} />
              {one.label}
            </span>
          ))}
        </span>
        <Button size="sm" kind="ghost" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? "Show chart" : "Show data"}
        </Button>
      </figcaption>
    </figure>
  );
}
