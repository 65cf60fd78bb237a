"use client";

import { POLICY } from "@nova/pipeline-core/kernel";
import { STREAM_STATES, type AskedAction, type SourceId } from "@nova/pipeline-core/connectors";
import type { StreamRow } from "@nova/db/read-models";
import { createColumnHelper } from "@tanstack/react-table";
import { type ReactNode, useMemo, useState } from "react";
import { DataTable } from "@/ui/data-table.tsx";
import { formatCompact, formatCount, formatDuration } from "@/ui/format.ts";
import { ProgressBar } from "@/ui/progress-bar.tsx";
import { Badge } from "@/ui/status-pill.tsx";
import { useNow } from "@/ui/time.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { secondsLeft } from "../seconds-left.ts";
import { StreamStatus } from "./source-status.tsx";
import { createStreamMenu, StreamMenuRoot, StreamMenuTrigger } from "./stream-menu.tsx";

const column = createColumnHelper<StreamRow>();

const COLUMNS = [
  column.accessor("name", {
    header: "Stream",
    cell: ({ row: { original: stream } }) => (
      <div className="max-w-xs min-w-36 md:max-w-md">
        <p className="truncate font-mono text-xs font-medium" title={stream.name}>
          {stream.name}
        </p>
        {stream.description === "" ? null : (
          <p className="hidden truncate text-xs text-fg-muted md:block" title={stream.description}>
            {stream.description}
          </p>
        )}
      </div>
    ),
  }),
  column.accessor((stream) => STREAM_STATES.indexOf(stream.state), {
    id: "state",
    header: "State",
    cell: ({ row: { original: stream } }) => <StateCell stream={stream} />,
  }),
  column.accessor("totalRows", {
    header: "Rows",
    meta: { align: "right" },
    cell: ({ getValue }) => <span title={formatCount(getValue())}>{formatCompact(getValue())}</span>,
  }),
  column.accessor((stream) => stream.lastEventAt?.getTime(), {
    id: "lastEvent",
    header: "Last event",
    meta: { align: "right" },
    cell: ({ row: { original: stream } }) => <Timestamp at={stream.lastEventAt} absent="none yet" />,
  }),
  column.accessor("schemaVersion", {
    header: "Schema",
    meta: { align: "right", wideOnly: true },
    cell: ({ row: { original: stream } }) => (
      <span className="inline-flex items-center gap-2">
        <span className="text-xs text-fg-muted">{stream.columns} columns</span>
        <Badge tone={stream.schemaVersion > 1 ? "info" : "idle"}>{`v${stream.schemaVersion}`}</Badge>
      </span>
    ),
  }),
  column.accessor((stream) => stream.keyColumns.join(", "), {
    id: "key",
    header: "Key",
    enableSorting: false,
    meta: { wideOnly: true },
    cell: ({ getValue }) =>
      getValue() === "" ? (
        <span className="text-xs text-warn">no key</span>
      ) : (
        <span className="font-mono text-xs text-fg-muted">{getValue()}</span>
      ),
  }),
];

interface StreamsTableProps {
  readonly streams: readonly StreamRow[];
  readonly source: SourceId;
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly empty: ReactNode;
  /** Null: the reader may not steer streams. */
  readonly onSteer: ((stream: string, action: AskedAction) => void) | null;
}

export function StreamsTable({ streams, source, sort, onSort, empty, onSteer }: StreamsTableProps) {
  const [menu] = useState(createStreamMenu);
  const maySteer = onSteer !== null;
  const columns = useMemo(
    () =>
      !maySteer
        ? COLUMNS
        : [
            ...COLUMNS,
            column.display({
              id: "steer",
              header: () => <span className="sr-only">Actions</span>,
              meta: { align: "right" },
              cell: ({ row: { original: stream } }) => (
                <StreamMenuTrigger menu={menu} source={source} stream={stream} />
              ),
            }),
          ],
    [maySteer, menu, source],
  );
  return (
    <>
      <DataTable
        label="Streams"
        rows={streams}
        columns={columns}
        rowKey={(stream) => stream.name}
        sort={sort}
        onSort={onSort}
        empty={empty}
        maxHeight={640}
      />
      {onSteer === null ? null : <StreamMenuRoot menu={menu} source={source} onChoose={onSteer} />}
    </>
  );
}

/** The state; while existing rows are read, how far; when failed, why and what to do. */
function StateCell({ stream }: { readonly stream: StreamRow }) {
  if (stream.state === "snapshotting") return <ReadingCell stream={stream} />;
  return (
    <div className="max-w-sm">
      <StreamStatus state={stream.state} />
      {stream.errorKind === null ? null : (
        <p className="text-xs text-fg-muted">
          {stream.errorMessage === null ? "" : `${stream.errorMessage} · `}
          {POLICY[stream.errorKind].remedy} <Timestamp at={stream.stateSince} show="since" />.
        </p>
      )}
    </div>
  );
}

/** How far the reading of existing rows is, and how long it will go on at the pace so far. */
function ReadingCell({ stream }: { readonly stream: StreamRow }) {
  const now = useNow();
  const left = secondsLeft(stream, now);
  const share =
    stream.rowsExpected === null || stream.rowsExpected === 0 ? null : stream.rowsRead / stream.rowsExpected;
  return (
    <div className="w-48">
      <StreamStatus state={stream.state} />
      <ProgressBar share={share} label={`Snapshot of ${stream.name}`} />
      <p className="num mt-0.5 text-2xs text-fg-muted">
        {formatCompact(stream.rowsRead)}
        {stream.rowsExpected === null ? "" : ` of ${formatCompact(stream.rowsExpected)}`} rows
        {left === null ? "" : ` · about ${formatDuration(left)} left`}
      </p>
    </div>
  );
}
