"use client";

import {
  Area,
  AreaChart,
  CartesianGrid,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from "recharts";
import { DAYS_FROM, formatClock, formatDay, formatMoment } from "./timestamp.tsx";

export type ChartColor = 1 | 2 | 3 | 4 | 5 | 6;

export interface TimeSeries {
  readonly key: string;
  readonly label: string;
  readonly color: ChartColor;
}

export interface TimePoint {
  /** Milliseconds since the epoch: the start of the bucket. */
  readonly at: number;
  /** By series key; null = unknown, drawn as a gap. */
  readonly values: Readonly<Record<string, number | null>>;
}

interface PlotProps {
  readonly label: string;
  readonly points: readonly TimePoint[];
  readonly series: readonly TimeSeries[];
  readonly formatValue: (value: number) => string;
  readonly height: number;
  readonly zone: string;
  readonly threshold?: { readonly value: number; readonly label: string } | undefined;
}

/** The drawing part of <TimeSeriesChart>; loaded on its own because the chart library is large. */
export function TimeSeriesPlot({ label, points, series, formatValue, height, zone, threshold }: PlotProps) {
  const rows = points.map((point) => ({ at: point.at, ...point.values }));
  const span = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  const formatTick = (at: number): string =>
    span > DAYS_FROM ? formatDay(new Date(at), zone) : formatClock(new Date(at), zone, false);
  return (
    <ResponsiveContainer width="100%" height={height}>
      <AreaChart data={rows} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} accessibilityLayer title={label}>
        <CartesianGrid vertical={false} stroke="var(--chart-grid)" />
        <XAxis
          dataKey="at"
          type="number"
          scale="time"
          domain={["dataMin", "dataMax"]}
          tickFormatter={formatTick}
          tick={{ fill: "var(--fg-subtle)", fontSize: 11 }}
          tickLine={false}
          axisLine={false}
          minTickGap={48}
        />
        <YAxis
          width="auto"
          tickFormatter={formatValue}
          tick={{ fill: "var(--fg-subtle)", fontSize: 11 }}
          tickLine={false}
          axisLine={false}
          tickCount={4}
          domain={[0, "auto"]}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: "var(--line-strong)", strokeDasharray: "3 3" }}
          content={({ active, payload, label: at }) => (
            <PlotTooltip
              active={active}
              payload={payload}
              label={at}
              series={series}
              formatValue={formatValue}
              formatMoment={(moment) => formatMoment(moment, zone, span)}
            />
          )}
        />
        {threshold === undefined ? null : (
          <ReferenceLine
            y={threshold.value}
            stroke="var(--bad-dot)"
            strokeDasharray="4 4"
            ifOverflow="extendDomain"
            label={{ value: threshold.label, position: "insideTopRight", fill: "var(--bad)", fontSize: 11 }}
          />
        )}
        {series.map((one) => (
          <Area
            key={one.key}
            dataKey={one.key}
            name={one.label}
            type="linear"
            stroke={`var(--chart-${one.color})`}
            fill={`var(--chart-${one.color})`}
            fillOpacity={0.12}
            strokeWidth={1.5}
            isAnimationActive={false}
            connectNulls={false}
            dot={false}
            activeDot={{ r: 3, strokeWidth: 0 }}
          />
        ))}
      </AreaChart>
    </ResponsiveContainer>
  );
}

type PlotTooltipProps = Pick<TooltipContentProps, "active" | "payload" | "label"> &
  Pick<PlotProps, "series" | "formatValue"> & { readonly formatMoment: (at: Date) => string };

function PlotTooltip({ active, payload, label, series, formatValue, formatMoment }: PlotTooltipProps) {
  if (!active || payload.length === 0) return null;
  return (
    <div className="num rounded-md border border-line bg-raised px-2.5 py-1.5 text-xs shadow-float">
      <p className="text-fg-muted">{formatMoment(new Date(Number(label)))}</p>
      {series.map((one) => {
        const value: unknown = payload.find((entry) => entry.dataKey === one.key)?.value;
        return (
          <p key={one.key} className="mt-0.5 flex items-center gap-2">
            <span aria-hidden className="size-2 rounded-full" style={{ background: `var(--chart-${one.color})` }} />
            <span className="text-fg-muted">{one.label}</span>
            <span className="ml-auto pl-4 font-medium">
              {typeof value === "number" ? formatValue(value) : "unknown"}
            </span>
          </p>
        );
      })}
    </div>
  );
}
