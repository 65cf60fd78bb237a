import type { SourceFlow } from "@nova/db/read-models";
import { SourceStatus } from "@/features/sources/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { Card } from "@/ui/card.tsx";
import { formatCount, plural } from "@/ui/format.ts";
import { ProgressBar } from "@/ui/progress-bar.tsx";

/** The existing rows of at least one source are still being read. */
export function isFirstLoad(sources: readonly SourceFlow[]): boolean {
  return sources.some((source) => source.state === "snapshotting");
}

/** Progress of the first read of existing rows, per source. */
export function FirstLoad({ sources }: { readonly sources: readonly SourceFlow[] }) {
  return (
    <Card title="First load" aside="Existing rows are read once; changes made meanwhile are kept and follow.">
      <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2">
        {sources
          .filter((source) => source.state !== "not-configured")
          .map((source) => {
            const known = source.rowsExpected > 0 && source.streamsUnsized === 0;
            const done =
              source.state === "streaming" || (source.streams > 0 && source.streamsStreaming === source.streams);
            const share = done ? 1 : known ? source.rowsRead / source.rowsExpected : null;
            const ready = source.streams - source.streamsSnapshotting - source.streamsWaiting - source.streamsFailed;
            return (
              <li key={source.id}>
                <div className="mb-1.5 flex items-center justify-between gap-2">
                  <span className="text-sm font-medium">{SOURCE_LABEL[source.id]}</span>
                  <SourceStatus state={source.state} />
                </div>
                <ProgressBar
                  share={share}
                  label={`First load of ${SOURCE_LABEL[source.id]}`}
                  tone={done ? "ok" : "info"}
                />
                <p className="num mt-1.5 text-xs text-fg-muted">
                  {formatCount(source.rowsRead)}
                  {known ? ` of ${formatCount(source.rowsExpected)}` : ""} rows read · {formatCount(ready)} of{" "}
                  {plural(source.streams, "stream")} caught up
                </p>
              </li>
            );
          })}
      </ul>
    </Card>
  );
}
