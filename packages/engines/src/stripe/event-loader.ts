import { readFile } from "node:fs/promises";
import type { CaptureHost, KeptRefusals, RefusedRow, SnapshotProgress, SourceId } from "@nova/pipeline-core/connectors";
import { type EnvelopeBatch, envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { committedSegment, segmentEndPosition, type Spool } from "../spool/index.ts";
import type { ListedEvent } from "./event-list.ts";
import { refusedEvent } from "./refused-event.ts";
import type { SameSecond } from "./same-second.ts";
import { type ReadEvent, readStripeEvent, stripeRow } from "./stripe-event.ts";

const CHUNK = 2_000;

export interface Progress {
  segment: number;
  /** Seconds since 1970 up to which the event list was compared; 0 before the first time. */
  checkedThrough: number;
}

/** What became of events that were refused before. */
export interface ReplayCounts {
  readonly taken: number;
  /** Another way brought them since. */
  readonly known: number;
  readonly refused: KeptRefusals["again"];
}

export interface EventLoader {
  readonly checkedThrough: number;
  loadSpool(): Promise<void>;
  add(events: readonly ListedEvent[]): Promise<void>;
  flush(): Promise<void>;
  checked(at: Date): Promise<void>;
  /** Takes refused events again; what is refused once more is told with what is wrong with it today. */
  readonly again: (rows: readonly RefusedRow[]) => Promise<ReplayCounts>;
  /** Rows that come from no event, by themselves, with how far their reading is. */
  readonly store: (batch: EnvelopeBatch, progress?: SnapshotProgress) => Promise<void>;
}

export interface LoaderOptions {
  readonly source: SourceId;
  readonly spool: Spool;
  readonly livemode: boolean | null;
}

/** Commits events that the ledger does not know, and remembers them there in the same transaction. */
export function eventLoader(
  host: CaptureHost,
  options: LoaderOptions,
  progress: Progress,
  ties: SameSecond,
): EventLoader {
  let batch = envelopeBatch();
  let ids = new Set<string>();

  const commit = async (moved: Progress): Promise<void> => {
    const rows = batch;
    const claimed = [...ids];
    batch = envelopeBatch();
    ids = new Set();
    await host.commit({
      input: { from: "columns", columns: rows.columns },
      counts: rows.counts(),
      bytes: rows.size,
      position: positionText(moved),
      within: (tx) =>
        claimed.length === 0 ? Promise.resolve() : host.deliveries.claim(tx, options.source, claimed, host.clock.now()),
    });
    progress.segment = moved.segment;
    progress.checkedThrough = moved.checkedThrough;
  };
  const collect = async (events: readonly ListedEvent[]): Promise<void> => {
    const unseen = await host.deliveries.unseen(
      options.source,
      events.flatMap(({ id }) => [id, refusedId(id)]),
    );
    for (const event of events) {
      const read = readStripeEvent(event, options.livemode);
      const row = read.ok ? stripeRow(read.event) : null;
      if (row !== null) ties.see(row);
      // A refusal is remembered by another id: the event itself may be taken when the rule has changed.
      const claimed = row === null ? refusedId(event.id) : event.id;
      if (!unseen.has(event.id) || !unseen.has(claimed) || ids.has(claimed)) continue;
      ids.add(claimed);
      if (row === null || !read.ok) {
        // One that nobody understands must not hold up the others, and is kept once.
        await host.quarantine.add([
          refusedEvent(options.source, read.ok ? "" : read.problem, JSON.stringify(event), host.clock.now()),
        ]);
        continue;
      }
      batch.add(row.stream, row.op, row.key, row.payload, null, row.sourceMicros, row.position, 1);
    }
  };

  /** Takes what stands in quarantine by the rules of today; each is stored once, whatever brought it before. */
  const again = async (rows: readonly RefusedRow[]): Promise<ReplayCounts> => {
    let [taken, known] = [0, 0];
    const refused: { id: string; why: string }[] = [];
    const read = rows.map(({ id, payload }) => ({ id, event: parseEvent(payload, options.livemode) }));
    const unseen = await host.deliveries.unseen(
      options.source,
      read.flatMap(({ event }) => (event.ok ? [event.event.id] : [])),
    );
    for (const { id, event } of read) {
      if (!event.ok) refused.push({ id, why: event.problem });
      else if (unseen.delete(event.event.id)) {
        const row = stripeRow(event.event);
        ids.add(event.event.id);
        batch.add(row.stream, row.op, row.key, row.payload, null, row.sourceMicros, row.position, 1);
        taken += 1;
      } else known += 1;
    }
    if (ids.size > 0) await commit(progress);
    return { taken, known, refused };
  };

  return {
    again,
    get checkedThrough() {
      return progress.checkedThrough;
    },
    async loadSpool() {
      const segments = await options.spool.seal();
      const last = segments.at(-1);
      if (last === undefined) return;
      for (const segment of segments) {
        const lines = (await readFile(segment.file, "utf8")).split("\n").filter((line) => line !== "");
        await collect(lines.map((line) => JSON.parse(line) as ListedEvent));
      }
      await commit({ ...progress, segment: last.number });
      await options.spool.remove(last.number);
    },
    async add(events) {
      await collect(events);
      if (batch.rows >= CHUNK) await commit(progress);
    },
    async flush() {
      if (ids.size > 0) await commit(progress);
    },
    async checked(at) {
      const through = Math.max(progress.checkedThrough, Math.floor(at.getTime() / 1000));
      await commit({ ...progress, checkedThrough: through });
    },
    async store(rows, reading) {
      await host.commit({
        input: { from: "columns", columns: rows.columns },
        counts: rows.counts(),
        bytes: rows.size,
        position: positionText(progress),
        ...(reading === undefined ? {} : { progress: [reading] }),
      });
    },
  };
}

const refusedId = (id: string): string => `refused:${id}`;

function parseEvent(payload: string, livemode: boolean | null): ReadEvent {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return { ok: false, problem: "not a Stripe event: no JSON, or only the beginning of it was kept" };
  }
  return readStripeEvent(value, livemode);
}

/** `<segment end>.<checked through, 12 digits>`: both only grow, so the text does. */
function positionText(progress: Progress): string {
  return `${segmentEndPosition(progress.segment)}.${String(progress.checkedThrough).padStart(12, "0")}`;
}

export function parsePosition(position: string | null): Progress {
  return {
    segment: committedSegment(position),
    checkedThrough: position === null ? 0 : Number(position.slice(position.lastIndexOf(".") + 1)),
  };
}
