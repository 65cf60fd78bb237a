"use client";

import { schemaDiffWords, type TableDiffSummary } from "@nova/pipeline-core/orchestration";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Fact, Facts } from "@/ui/facts.tsx";
import { formatCount, formatKnown, plural } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";
import { RowDiffView } from "./row-diff.tsx";

interface SnapshotDiffProps {
  readonly summary: TableDiffSummary;
  /** Whether somebody asked for the rows. */
  readonly asked: boolean;
  readonly onAsk: () => void;
}

/** Two snapshots beside each other: what metadata tells at once, the rows when somebody asks for them. */
export function SnapshotDiff(props: SnapshotDiffProps) {
  return (
    <>
      <Metadata summary={props.summary} />
      <Rows {...props} />
    </>
  );
}

function Metadata({ summary: { snapshots, schema, key, environment } }: Pick<SnapshotDiffProps, "summary">) {
  const { before, after } = snapshots;
  const words = schema === null ? null : schemaDiffWords(schema);
  return (
    <Facts>
      <Fact name={environment === undefined ? "Before" : `In ${environment}`}>
        <Side side={before} />
      </Fact>
      <Fact name={environment === undefined ? "After" : "Here"}>
        <Side side={after} />
        {before.rows === null || after.rows === null || before.state === "empty" ? null : (
          <span className="text-fg-muted"> ({signed(after.rows - before.rows)})</span>
        )}
      </Fact>
      <Fact name="Schema">
        {words === null ? (
          <span className="text-fg-muted">{before.state === "empty" ? "the first one" : "not known any more"}</span>
        ) : words.length === 0 ? (
          "the same"
        ) : (
          <ul>
            {words.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact name="Key">
        {key.length === 0 ? (
          <span className="text-fg-muted">none: whole rows are compared</span>
        ) : (
          <span className="font-mono text-xs">{key.join(", ")}</span>
        )}
      </Fact>
    </Facts>
  );
}

function Side({ side }: { readonly side: TableDiffSummary["snapshots"]["before"] }) {
  if (side.state === "empty") return <span className="text-fg-muted">no rows: it was the first snapshot</span>;
  return (
    <>
      {side.state === "expired" ? "expired" : `${formatKnown(side.rows, formatCount)} rows`}{" "}
      <span className="text-fg-muted">
        {side.committedAt === null ? null : <Timestamp at={side.committedAt} />} snapshot{" "}
        <span className="num font-mono text-2xs break-all">{side.snapshotId}</span>
      </span>
    </>
  );
}

function signed(rows: number): string {
  return rows === 0 ? "as many" : `${rows > 0 ? "+" : "−"}${formatCount(Math.abs(rows))}`;
}

function Rows({ summary, asked, onAsk }: SnapshotDiffProps) {
  const { rowsToRead, dataset, environment, before, after } = summary;
  if (rowsToRead === null)
    return (
      <EmptyState kind="none-yet" title="The rows cannot be compared any more" compact>
        Snapshots are kept for about an hour, longer while a reader needs them. What is above is what can still be told.
      </EmptyState>
    );
  if (asked) return <RowDiffView pair={{ dataset, environment, before, after }} />;
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button kind="primary" onClick={onAsk}>
        Compare the rows
      </Button>
      <span className="text-xs text-fg-muted">
        reads at most {plural(rowsToRead, "row")}
        {environment === undefined ? ": those in files that only one of the snapshots has" : ": all of both"}
      </span>
    </div>
  );
}
