import type { CaptureHost, RefusedRow, SourceId, StreamRequest } from "@nova/pipeline-core/connectors";
import { asPlatformError } from "@nova/pipeline-core/kernel";
import type { Spool } from "../spool/index.ts";
import { EnvelopeLines } from "./envelope-lines.ts";
import { readLine } from "./log-lines.ts";
import { readOtlp } from "./otlp.ts";

export interface ReplayOptions {
  readonly source: SourceId;
  readonly spool: Spool;
}

/** Records that are judged, and committed, at once. */
const PAGE = 500;

/**
 * Judges refused records by the rules of today. What is a record now goes through the spool under a name of its own, so it is
 * taken once however often it is replayed; `commit` moves what the spool holds into raw. Ends the request with counts; when the
 * spool is full the request stays open and goes on later.
 */
export async function replayRefused(
  host: CaptureHost,
  { source, spool }: ReplayOptions,
  request: StreamRequest,
  commit: () => Promise<void>,
): Promise<void> {
  const counts = { asked: 0, taken: 0, known: 0 };
  const again: { id: string; why: string }[] = [];
  const left: string[] = [];
  const which = {
    stream: request.stream,
    until: request.requestedAt,
    most: PAGE,
    ...(request.why === undefined ? {} : { why: request.why }),
  };
  let after: string | undefined;
  for (;;) {
    const { rows, complete } = await host.refused({ ...which, ...(after === undefined ? {} : { after }) });
    const names = rows.flatMap((row) => [deliveryOf(row), row.origin?.batchId ?? []].flat());
    const unseen = await host.deliveries.unseen(source, names);
    const isKnown = (name: string): boolean => !unseen.has(name) || spool.holds(name);
    const storing: Promise<void>[] = [];
    for (const row of rows) {
      const delivery = deliveryOf(row);
      const batchId = row.origin?.batchId ?? null;
      if (isKnown(delivery)) counts.known += 1;
      // A sender that was not answered sends the batch again: then its records are judged as they come.
      else if (batchId !== null && !isKnown(batchId)) left.push(row.id);
      else {
        const judged = judge(row);
        if (typeof judged === "string") again.push({ id: row.id, why: judged });
        else {
          unseen.delete(delivery);
          counts.taken += 1;
          const owner = row.origin?.sender ?? "";
          storing.push(spool.append({ batchId: delivery, owner, rows: 1, render: (at) => judged.render(at) }));
        }
      }
    }
    counts.asked += rows.length;
    const full = (await Promise.allSettled(storing)).find((each) => each.status === "rejected");
    await commit();
    if (full !== undefined) {
      if (asPlatformError(full.reason).kind !== "overloaded") throw full.reason;
      host.logger.warn("a replay waits for room in the spool", { request: request.id });
      return;
    }
    after = rows.at(-1)?.id;
    if (complete || after === undefined) break;
  }
  const waiting = left.length === 0 ? "" : `, ${left.length} left: their batches are not acknowledged yet`;
  await host.settleRequest(request.id, {
    state: "done",
    message: `${counts.asked} refused records: ${counts.taken} taken, ${counts.known} known by now, ${again.length} refused again${waiting}`,
    kept: { again, left },
  });
}

/** The name that the record is taken by. What was refused before origins were kept has only its place in quarantine. */
function deliveryOf({ id, origin }: RefusedRow): string {
  return origin?.delivery ?? `#${id}`;
}

/** The record as an envelope line, or what is wrong with it. */
function judge({ payload, origin }: RefusedRow): EnvelopeLines | string {
  const lines = new EnvelopeLines();
  try {
    if (origin?.form === "otlp") readOtlp(Buffer.from(payload), "json", lines);
    else readLine(payload, 1, lines, origin?.sender ?? null);
  } catch (error) {
    const failure = asPlatformError(error);
    if (failure.kind !== "payload-rejected") throw error;
    return failure.message;
  }
  return lines.rows === 1 ? lines : (lines.refused[0]?.detail ?? "record: nothing of it was kept");
}
