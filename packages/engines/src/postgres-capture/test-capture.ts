import { randomBytes } from "node:crypto";
import { type Clock, uuidV7Source } from "@nova/pipeline-core/kernel";
import { memoryCaptureHost, type MemoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { readCopied } from "../duckdb/testing.ts";
import { postgresConnector, type PostgresConnectorOptions } from "./connector.ts";

export const systemClock: Clock = { now: () => new Date() };

/** Short waits so that a test sees a commit soon; the rules are the same. */
const QUICK = {
  firstRowMillis: 20,
  commitEveryMillis: 20,
  idleAdvanceMillis: 100,
  heartbeatMillis: 100,
  controlMillis: 20,
  publicationMillis: 100,
};

export function memoryHost(clock: Clock = systemClock, read = readCopied): MemoryCaptureHost {
  return memoryCaptureHost("orders_db", {
    clock,
    ids: uuidV7Source(clock, { bytes: (length) => randomBytes(length) }),
    readCopied: read,
  });
}

export interface RunningCapture {
  readonly host: MemoryCaptureHost;
  /** Waits until changes flow; throws what the run failed with when it ends before. */
  streaming(): Promise<void>;
  /** Ends the run; throws what it failed with. */
  stop(): Promise<void>;
  /** Settles when the run ends by itself. */
  readonly ended: Promise<unknown>;
}

export function startTestCapture(
  connectionString: string,
  host: MemoryCaptureHost,
  options: Partial<PostgresConnectorOptions> = {},
): RunningCapture {
  const stopper = new AbortController();
  const connector = postgresConnector({
    source: "orders_db",
    connectionString,
    ...options,
    flush: { ...QUICK, ...options.flush },
  });
  let failure: Error | null = null;
  const ended = connector.run(host, stopper.signal).catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
    return error;
  });
  return {
    host,
    ended,
    streaming: () =>
      until("streaming", () => {
        if (failure !== null) throw failure;
        return host.states.includes("streaming");
      }),
    async stop() {
      stopper.abort();
      await ended;
      if (failure !== null) throw failure;
    },
  };
}

/** Waits until `condition` holds; fails with `what` after 20 seconds, or as many as are given. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

export interface Row {
  readonly stream: string;
  readonly op: string;
  readonly key: Record<string, string> | null;
  readonly payload: Record<string, string | null> | null;
  readonly unchanged: string[] | null;
  readonly position: string;
}

/** Committed rows as objects, of one stream or of all. */
export function rowsOf(host: MemoryCaptureHost, stream?: string): Row[] {
  const columns = host.rows;
  const rows: Row[] = [];
  for (let index = 0; index < columns.op.length; index += 1) {
    if (stream !== undefined && columns.stream[index] !== stream) continue;
    rows.push({
      stream: columns.stream[index] ?? "",
      op: columns.op[index] ?? "",
      key: parse(columns.key[index] ?? null),
      payload: parse(columns.payload[index] ?? null),
      unchanged: parse(columns.unchanged[index] ?? null),
      position: columns.position[index] ?? "",
    });
  }
  return rows;
}

function parse<Value>(text: string | null): Value | null {
  return text === null ? null : (JSON.parse(text) as Value);
}

/** The table as raw tells it: events by position, the newest of a key wins, columns left out keep what was there. */
export function foldedRows(host: MemoryCaptureHost, stream: string): Map<string, Record<string, string | null>> {
  const folded = new Map<string, Record<string, string | null>>();
  const ordered = rowsOf(host, stream).toSorted((left, right) =>
    left.position < right.position ? -1 : left.position > right.position ? 1 : 0,
  );
  for (const row of ordered) {
    const key = JSON.stringify(row.key);
    switch (row.op) {
      case "t": {
        const range = row.key as { from: string[] | null; through: string[] | null } | null;
        for (const other of folded.keys()) {
          const id = Number((JSON.parse(other) as Record<string, string>)["id"]);
          const [from = -Infinity, through = Infinity] = [range?.from?.map(Number)[0], range?.through?.map(Number)[0]];
          if (range === null || (id >= from && id <= through)) folded.delete(other);
        }
        break;
      }
      case "d":
        folded.delete(key);
        break;
      default:
        folded.set(key, row.unchanged === null ? { ...row.payload } : { ...folded.get(key), ...row.payload });
    }
  }
  return folded;
}
