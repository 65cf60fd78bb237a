import { emptyEnvelopeColumns, type EnvelopeColumns, type Op } from "./envelope.ts";

/** Envelope rows of one source on their way to a commit, with what the commit must know about them. */
export interface EnvelopeBatch {
  readonly columns: EnvelopeColumns;
  readonly rows: number;
  /** Characters of keys and payloads: a cheap stand-in for bytes. */
  readonly size: number;
  add(
    stream: string,
    op: Op,
    key: string | null,
    payload: string | null,
    unchanged: string | null,
    sourceMicros: bigint | null,
    position: string,
    schemaVersion: number,
  ): void;
  /** Rows per stream, with the time of the newest one. */
  counts(): { stream: string; rows: number; lastEventAt: Date | null }[];
}

export function envelopeBatch(): EnvelopeBatch {
  const columns = emptyEnvelopeColumns();
  let size = 0;
  return {
    columns,
    get rows() {
      return columns.op.length;
    },
    get size() {
      return size;
    },
    add(stream, op, key, payload, unchanged, sourceMicros, position, schemaVersion) {
      columns.stream.push(stream);
      columns.op.push(op);
      columns.key.push(key);
      columns.payload.push(payload);
      columns.unchanged.push(unchanged);
      columns.sourceTs.push(sourceMicros);
      columns.position.push(position);
      columns.schemaVersion.push(schemaVersion);
      size += (key?.length ?? 0) + (payload?.length ?? 0) + 64;
    },
    counts() {
      const byStream = new Map<string, { rows: number; micros: bigint | null }>();
      for (const [row, stream] of columns.stream.entries()) {
        const micros = columns.sourceTs[row] ?? null;
        const known = byStream.get(stream);
        if (known === undefined) byStream.set(stream, { rows: 1, micros });
        else {
          known.rows += 1;
          if (micros !== null && (known.micros === null || micros > known.micros)) known.micros = micros;
        }
      }
      return [...byStream].map(([stream, { rows, micros }]) => ({
        stream,
        rows,
        lastEventAt: micros === null ? null : new Date(Number(micros / 1000n)),
      }));
    },
  };
}
