import { appendFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, DAY, type Logger, MINUTE, SECOND } from "@nova/pipeline-core/kernel";
import type { OpenLineageEvent } from "@nova/pipeline-core/lineage";
import { backoffMillis } from "@nova/pipeline-core/orchestration";

/** What became of an event: in the day's file, taken by the endpoint, or dropped by one of them. */
export type EventFate = "written" | "sent" | "not-written" | "not-sent";

export interface EmitterDeps {
  /** Folder of the files, one per UTC day: `2026-11-23.ndjson`. */
  readonly dir: string;
  /** Where events are posted as well; null: nowhere. */
  readonly endpoint: { readonly url: string; readonly apiKey: string | null } | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly count: (fate: EventFate, events: number) => void;
  readonly jitter: () => number;
}

export interface LineageEmitter {
  /** Never waits and never fails: what cannot be kept is dropped, counted and logged. */
  emit(event: OpenLineageEvent): void;
  /** Writes what waits for the file, and lets the endpoint have a moment for the rest. */
  stop(): Promise<void>;
}

/** Events that wait at most, for the file and for the endpoint each; beyond it the oldest go. */
const MOST_WAITING = 2_000;
const ANSWER_WITHIN = 5 * SECOND;
const FAREWELL = 2 * SECOND;
const KEEP_FILES = 30 * DAY;
/** How often it is said at most that events are dropped. */
const SAY_EVERY = MINUTE;

export function createEmitter({ dir, endpoint, clock, logger, count, jitter }: EmitterDeps): LineageEmitter {
  const stopper = new AbortController();
  const deadline = new AbortController();
  const saidAt = new Map<EventFate, number>();
  const dropped = (fate: "not-written" | "not-sent", events: number, error?: unknown): void => {
    count(fate, events);
    const now = clock.now().getTime();
    if (now - (saidAt.get(fate) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY) return;
    saidAt.set(fate, now);
    logger.warn("lineage events are dropped", { fate, events, error });
  };
  let tidied = "";

  async function write(events: readonly OpenLineageEvent[]): Promise<void> {
    const byDay = Map.groupBy(events, (event) => event.eventTime.slice(0, 10));
    await mkdir(dir, { recursive: true });
    for (const [day, ofDay] of byDay) {
      await appendFile(join(dir, `${day}.ndjson`), ofDay.map((event) => `${JSON.stringify(event)}\n`).join(""));
      if (day > tidied) await tidy(day);
    }
  }

  async function tidy(today: string): Promise<void> {
    tidied = today;
    const oldest = new Date(clock.now().getTime() - KEEP_FILES).toISOString().slice(0, 10);
    for (const file of await readdir(dir))
      if (/^\d{4}-\d\d-\d\d\.ndjson$/.test(file) && file < oldest) await rm(join(dir, file));
  }

  const toFile = lane(async (waiting) => {
    const events = waiting.splice(0);
    try {
      await write(events);
      count("written", events.length);
    } catch (error) {
      dropped("not-written", events.length, error);
    }
  });

  let failures = 0;
  const toEndpoint = lane(async (waiting) => {
    const event = waiting.shift();
    if (event === undefined || endpoint === null) return;
    const answer = await post(endpoint, event, deadline.signal);
    if (answer === "again" && !stopper.signal.aborted) {
      failures += 1;
      if (failures === 1) logger.warn("the lineage endpoint does not take events; they wait", { url: endpoint.url });
      waiting.unshift(event);
      await sleep(backoffMillis(failures, jitter()), undefined, { signal: stopper.signal }).catch(() => undefined);
      return;
    }
    if (answer !== "taken") return dropped("not-sent", 1);
    if (failures > 0) logger.info("the lineage endpoint takes events again", { url: endpoint.url });
    failures = 0;
    return count("sent", 1);
  });

  return {
    emit(event) {
      if (toFile.push(event)) dropped("not-written", 1);
      if (endpoint !== null && toEndpoint.push(event)) dropped("not-sent", 1);
    },
    async stop() {
      stopper.abort();
      const timer = setTimeout(() => deadline.abort(), FAREWELL);
      await Promise.all([toFile.settled(), toEndpoint.settled()]);
      clearTimeout(timer);
    },
  };
}

interface QueueLane {
  /** True when the oldest one had to go. */
  push(event: OpenLineageEvent): boolean;
  settled(): Promise<void>;
}

/** A bounded queue with one worker, which `work` empties. */
function lane(work: (waiting: OpenLineageEvent[]) => Promise<void>): QueueLane {
  const waiting: OpenLineageEvent[] = [];
  let working: Promise<void> | null = null;
  async function run(): Promise<void> {
    while (waiting.length > 0) await work(waiting);
    working = null;
  }
  return {
    push(event) {
      waiting.push(event);
      const over = waiting.length > MOST_WAITING;
      if (over) waiting.shift();
      working ??= run();
      return over;
    },
    async settled() {
      await working;
    },
  };
}

/** `again`: it may take it later; `refused`: never. */
async function post(
  { url, apiKey }: NonNullable<EmitterDeps["endpoint"]>,
  event: OpenLineageEvent,
  deadline: AbortSignal,
): Promise<"taken" | "again" | "refused"> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(event),
      signal: AbortSignal.any([deadline, AbortSignal.timeout(ANSWER_WITHIN)]),
    });
    await response.body?.cancel();
    if (response.ok) return "taken";
    return response.status >= 500 || response.status === 429 || response.status === 408 ? "again" : "refused";
  } catch {
    // Not reachable, or no answer in time: the endpoint's trouble, told by the caller.
    return "again";
  }
}
