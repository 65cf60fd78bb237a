import "server-only";
import { Client } from "pg";
import { z } from "zod";
import { EVENT_CHANNEL, EVENT_TOPICS, type PlatformEvent } from "@nova/pipeline-core/kernel";

/** One change as readers see it. `resync`: events were missed, read everything again. */
export type LiveEvent = { readonly id: string; readonly event: PlatformEvent | "resync" };

export interface LiveHub {
  /** Events after `lastEventId` (or from now on) until `signal` ends. Many readers share one database connection. */
  events(lastEventId: string | null, signal: AbortSignal): AsyncGenerator<LiveEvent>;
}

const eventSchema = z.object({ topic: z.enum(EVENT_TOPICS), id: z.string() });
const KEPT_EVENTS = 1_000;
/** The same thing changing many times within this time is told once. */
const COALESCE_MILLIS = 500;
const RECONNECT_MILLIS = 2_000;

/** Fans PostgreSQL notifications out to the open browser tabs. Connects on first use and again after every loss. */
export function createLiveHub(connectionString: string): LiveHub {
  const boot = crypto.randomUUID().slice(0, 8);
  const kept: { seq: number; event: PlatformEvent | "resync" }[] = [];
  const wakers = new Set<() => void>();
  const pending = new Map<string, PlatformEvent>();
  let seq = 0;
  let flushTimer: NodeJS.Timeout | undefined;
  let connecting = false;

  function publish(event: PlatformEvent | "resync"): void {
    seq += 1;
    kept.push({ seq, event });
    if (kept.length > KEPT_EVENTS) kept.shift();
    for (const wake of wakers) wake();
  }

  function receive(payload: string | undefined): void {
    const parsed = eventSchema.safeParse(safeJson(payload));
    if (!parsed.success) return;
    pending.set(`${parsed.data.topic}:${parsed.data.id}`, parsed.data);
    flushTimer ??= setTimeout(() => {
      flushTimer = undefined;
      const events = [...pending.values()];
      pending.clear();
      for (const event of events) publish(event);
    }, COALESCE_MILLIS);
  }

  async function connect(again: boolean): Promise<void> {
    const client = new Client({ connectionString, keepAlive: true, application_name: "nova-portal-live" });
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      client.end().catch(() => undefined);
      setTimeout(() => void connect(true), RECONNECT_MILLIS).unref();
    };
    client.on("error", lose);
    client.on("end", lose);
    client.on("notification", (message) => receive(message.payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${EVENT_CHANNEL}`);
      if (again) publish("resync");
    } catch {
      // The connection is tried again for ever; readers see stale data marked by their own failing queries.
      lose();
    }
  }

  return {
    async *events(lastEventId, signal) {
      if (!connecting) {
        connecting = true;
        void connect(false);
      }
      let position = seq;
      if (lastEventId !== null) {
        const known = resumePosition(lastEventId, boot, kept[0]?.seq ?? seq + 1, seq);
        if (known === null) yield { id: `${boot}-${seq}`, event: "resync" };
        else position = known;
      }
      while (!signal.aborted) {
        const next = kept.find((entry) => entry.seq > position);
        if (next !== undefined) {
          position = next.seq;
          yield { id: `${boot}-${next.seq}`, event: next.event };
          continue;
        }
        await wakeUp(wakers, signal);
      }
    },
  };
}

/** The sequence number to go on from, or null when events between it and now are gone. */
export function resumePosition(lastEventId: string, boot: string, oldestKept: number, newest: number): number | null {
  const [theirBoot, text] = lastEventId.split("-");
  const position = Number(text);
  if (theirBoot !== boot || !Number.isInteger(position) || position > newest) return null;
  return position >= oldestKept - 1 ? position : null;
}

function wakeUp(wakers: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      wakers.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    wakers.add(done);
    signal.addEventListener("abort", done, { once: true });
  });
}

function safeJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
