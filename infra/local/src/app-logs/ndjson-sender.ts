import { Agent, request } from "node:http";

const SECOND = 1000;
const FIRST_BACKOFF = 500;
const MAX_BACKOFF = 30 * SECOND;
const REQUEST_TIMEOUT = 30 * SECOND;
const IN_FLIGHT = 2;

export interface SenderCounts {
  /** Lines the intake took (2xx). */
  delivered: number;
  /** Requests that had to be tried again. */
  retries: number;
  /** Lines given up because the queue was full, oldest first. */
  dropped: number;
  /** Lines the intake will never take: 400, 401, 413 and the like. */
  refused: number;
}

export interface NdjsonSender {
  /** Queues one batch of `lines` lines for delivery; never waits. */
  send(body: string, lines: number): void;
  readonly counts: Readonly<SenderCounts>;
  /** Waits until all is delivered, but at most `deadlineMs`; what is left then counts as dropped. */
  close(deadlineMs: number): Promise<void>;
}

export interface NdjsonSenderOptions {
  readonly url: string;
  readonly token: string;
  /** Begins every `x-batch-id`; must be unique for each start of a service. */
  readonly idPrefix: string;
  /** Memory for batches that wait (bytes of body). */
  readonly maxQueuedBytes: number;
  readonly log: (line: string) => void;
}

interface Batch {
  readonly id: string;
  readonly body: string;
  readonly lines: number;
  attempt: number;
}

type Answer = { readonly status: number; readonly retryAfterMs: number | null };

/**
 * Ships NDJSON batches in order of arrival, two at a time. A batch keeps its `x-batch-id` over all tries: when the answer to
 * a stored batch got lost, the intake can see that it has it already.
 */
export function createNdjsonSender(options: NdjsonSenderOptions): NdjsonSender {
  const { url, token, idPrefix, maxQueuedBytes, log } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const counts: SenderCounts = { delivered: 0, retries: 0, dropped: 0, refused: 0 };
  const waiting: Batch[] = [];
  let waitingBytes = 0;
  let inFlight = 0;
  let number = 0;
  let pausedUntilTimer: NodeJS.Timeout | undefined;
  let closed = false;
  let wake: (() => void) | undefined;

  const post = (batch: Batch): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = {
        "content-type": "application/x-ndjson",
        "content-length": Buffer.byteLength(batch.body),
        authorization: `Bearer ${token}`,
        "x-batch-id": batch.id,
      };
      const call = request(url, { method: "POST", agent, headers, timeout: REQUEST_TIMEOUT }, (response) => {
        const seconds = Number(response.headers["retry-after"]);
        const retryAfterMs =
          Number.isFinite(seconds) && seconds >= 0 && response.headers["retry-after"] !== undefined
            ? seconds * SECOND
            : null;
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode ?? 0, retryAfterMs }));
        response.on("error", reject);
      });
      call.on("timeout", () => call.destroy(new Error("no answer in time")));
      call.on("error", reject);
      call.end(batch.body);
    });

  function putBack(batch: Batch, waitMs: number | null): void {
    if (closed) {
      counts.dropped += batch.lines;
      return;
    }
    counts.retries += 1;
    batch.attempt += 1;
    waiting.unshift(batch);
    waitingBytes += batch.body.length;
    const backoff = Math.min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** (batch.attempt - 1));
    pausedUntilTimer ??= setTimeout(() => {
      pausedUntilTimer = undefined;
      pump();
    }, waitMs ?? backoff);
    dropOldest();
  }

  function dropOldest(): void {
    let lost = 0;
    while (waitingBytes > maxQueuedBytes) {
      const oldest = waiting.shift();
      if (oldest === undefined) break;
      waitingBytes -= oldest.body.length;
      lost += oldest.lines;
    }
    if (lost === 0) return;
    counts.dropped += lost;
    log(
      `DROPPED ${lost} log lines of ${idPrefix}: the intake takes none and the queue is full (${counts.dropped} in all)`,
    );
  }

  async function deliver(batch: Batch): Promise<void> {
    try {
      const { status, retryAfterMs } = await post(batch);
      if (status >= 200 && status < 300) counts.delivered += batch.lines;
      else if (status === 429 || status >= 500) putBack(batch, retryAfterMs);
      else {
        counts.refused += batch.lines;
        log(`intake refused batch ${batch.id} (${batch.lines} lines) with status ${status}; not tried again`);
      }
    } catch (error) {
      if (batch.attempt === 0)
        log(
          `intake of ${idPrefix} not reachable, trying again: ${error instanceof Error ? error.message || error.name : String(error)}`,
        );
      putBack(batch, null);
    } finally {
      inFlight -= 1;
      pump();
    }
  }

  function pump(): void {
    while (!closed && pausedUntilTimer === undefined && inFlight < IN_FLIGHT) {
      const batch = waiting.shift();
      if (batch === undefined) break;
      waitingBytes -= batch.body.length;
      inFlight += 1;
      void deliver(batch);
    }
    if (waiting.length === 0 && inFlight === 0) wake?.();
  }

  return {
    counts,
    send(body, lines) {
      number += 1;
      waiting.push({ id: `${idPrefix}-${number}`, body, lines, attempt: 0 });
      waitingBytes += body.length;
      dropOldest();
      pump();
    },
    async close(deadlineMs) {
      if (waiting.length > 0 || inFlight > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadlineMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      closed = true;
      clearTimeout(pausedUntilTimer);
      counts.dropped += waiting.splice(0).reduce((sum, batch) => sum + batch.lines, 0);
      agent.destroy();
    },
  };
}
