import type { StreamState } from "@nova/pipeline-core/connectors";

interface Filterable {
  readonly name: string;
  readonly description: string;
  readonly state: StreamState;
}

/** Streams whose name or description holds every word anywhere, in one of the states (none chosen = all). */
export function filterStreams<Row extends Filterable>(
  streams: readonly Row[],
  filter: { readonly stream: string; readonly state: readonly StreamState[] },
): Row[] {
  const words = filter.stream.toLowerCase().split(/\s+/).filter(Boolean);
  return streams.filter((stream) => {
    const text = `${stream.name} ${stream.description}`.toLowerCase();
    return (
      words.every((word) => text.includes(word)) && (filter.state.length === 0 || filter.state.includes(stream.state))
    );
  });
}
