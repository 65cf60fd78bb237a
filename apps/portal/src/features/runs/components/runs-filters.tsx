"use client";

import { useQuery } from "@tanstack/react-query";
import { TRIGGERS } from "@nova/pipeline-core/orchestration";
import { useId } from "react";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Input, SearchInput } from "@/ui/input.tsx";
import { Select } from "@/ui/select.tsx";
import { useTimeZone } from "@/ui/time.tsx";
import { PLATFORM, TRIGGER_WORDS } from "../run-words.ts";
import { isFiltered, NO_FILTER, type RunsSearch, STARTED_RANGES } from "../runs-search.ts";
import { fromZonedMinute, toZonedMinute } from "../zoned-minute.ts";

const STARTED_LABEL = {
  "1h": "last hour",
  "24h": "last 24 hours",
  "7d": "last 7 days",
  "30d": "last 30 days",
} as const;
const DURATIONS = [
  { seconds: 10, label: "over 10 s" },
  { seconds: 60, label: "over 1 min" },
  { seconds: 300, label: "over 5 min" },
  { seconds: 1_800, label: "over 30 min" },
  { seconds: 3_600, label: "over 1 h" },
];

interface RunsFiltersProps {
  readonly search: RunsSearch;
  /** A change of the filter goes back to the newest runs. */
  readonly onChange: (change: Partial<{ [Key in keyof RunsSearch]: RunsSearch[Key] | null }>) => void;
}

export function RunsFilters({ search, onChange }: RunsFiltersProps) {
  const trpc = useTRPC();
  const zone = useTimeZone();
  const pipelines = useQuery(trpc.runs.pipelines.queryOptions(undefined, { staleTime: 300_000 }));
  const names = [...new Set([...(pipelines.data ?? []), ...(search.pipeline === null ? [] : [search.pipeline])])];
  const custom = search.started === null && (search.from !== null || search.to !== null);
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
      <SearchInput
        label="Filter by dataset"
        value={search.dataset}
        onChange={(dataset) => onChange({ dataset: dataset === "" ? null : dataset })}
      />
      <Select
        label="Pipeline"
        value={search.pipeline ?? ""}
        choices={[{ value: "", label: "All pipelines" }, ...names.map((name) => ({ value: name, label: name }))]}
        onChange={(pipeline) => onChange({ pipeline: pipeline === "" ? null : pipeline })}
      />
      <Select
        label="Trigger"
        value={search.trigger ?? ""}
        choices={[
          { value: "" as const, label: "Any trigger" },
          ...TRIGGERS.map((trigger) => ({ value: trigger, label: TRIGGER_WORDS[trigger].label })),
        ]}
        onChange={(trigger) => onChange({ trigger: trigger === "" ? null : trigger })}
      />
      <LaunchedBy value={search.by} onChange={(by) => onChange({ by })} />
      <Select
        label="Started"
        value={custom ? "custom" : (search.started ?? "")}
        choices={[
          { value: "" as const, label: "Started any time" },
          ...STARTED_RANGES.map((range) => ({ value: range, label: `Started ${STARTED_LABEL[range]}` })),
          { value: "custom" as const, label: "Started between…" },
        ]}
        onChange={(started) => {
          if (started === "custom") onChange({ started: null, from: startOfToday(zone), to: null });
          else onChange({ started: started === "" ? null : started, from: null, to: null });
        }}
      />
      {custom ? (
        <>
          <MinuteField label="From" value={search.from} zone={zone} onChange={(from) => onChange({ from })} />
          <MinuteField label="To" value={search.to} zone={zone} onChange={(to) => onChange({ to })} />
        </>
      ) : null}
      <Select
        label="Duration"
        value={search.over === null ? "" : String(search.over)}
        choices={[
          { value: "", label: "Any duration" },
          ...durationsWith(search.over).map(({ seconds, label }) => ({ value: String(seconds), label })),
        ]}
        onChange={(over) => onChange({ over: over === "" ? null : Number(over) })}
      />
      <label className="flex h-8 items-center gap-1.5 text-xs text-fg-muted">
        <input
          type="checkbox"
          checked={search.inside}
          onChange={({ target }) => onChange({ inside: target.checked ? true : null })}
        />
        Show runs within backfills
      </label>
      {isFiltered(search) ? (
        <Button kind="ghost" size="sm" onClick={() => onChange(NO_FILTER)}>
          Clear filters
        </Button>
      ) : null}
    </div>
  );
}

function LaunchedBy({
  value,
  onChange,
}: {
  readonly value: string | null;
  readonly onChange: (by: string | null) => void;
}) {
  const trpc = useTRPC();
  const { data = [] } = useQuery(trpc.runs.launchers.queryOptions(undefined, { staleTime: 300_000 }));
  const known = data.some(({ email }) => email === value) || value === null || value === PLATFORM;
  return (
    <Select
      label="Launched by"
      value={value ?? ""}
      choices={[
        { value: "", label: "Launched by anyone" },
        { value: PLATFORM, label: "The platform itself" },
        ...data.map(({ email, name }) => ({ value: email, label: name })),
        ...(known ? [] : [{ value, label: value }]),
      ]}
      onChange={(by) => onChange(by === "" ? null : by)}
    />
  );
}

/** The fixed choices and, when the address asks for another one, that too. */
function durationsWith(over: number | null): typeof DURATIONS {
  if (over === null || DURATIONS.some(({ seconds }) => seconds === over)) return DURATIONS;
  return [...DURATIONS, { seconds: over, label: `over ${over} s` }];
}

function startOfToday(zone: string): Date | null {
  return fromZonedMinute(`${toZonedMinute(new Date(), zone).slice(0, 10)}T00:00`, zone);
}

interface MinuteFieldProps {
  readonly label: string;
  readonly value: Date | null;
  readonly zone: string;
  readonly onChange: (value: Date | null) => void;
}

function MinuteField({ label, value, zone, onChange }: MinuteFieldProps) {
  const id = useId();
  return (
    <span className="inline-flex items-center gap-1.5">
      <label htmlFor={id} className="text-xs text-fg-muted">
        {label}
      </label>
      <span className="w-48">
        <Input
          id={id}
          type="datetime-local"
          title={`In ${zone}`}
          value={value === null ? "" : toZonedMinute(value, zone)}
          onChange={(event) => onChange(fromZonedMinute(event.target.value, zone))}
        />
      </span>
    </span>
  );
}
