import { abortable, SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost } from "@nova/pipeline-core/connectors";
import type pg from "pg";
import type { FlushRules } from "./flush-rules.ts";
import { heartbeat } from "./heartbeat.ts";
import { parsePosition } from "./lsn.ts";
import { type PendingChanges, pendingChanges, type PendingChangesOptions } from "./pending-changes.ts";
import type { ReplicationStream } from "./replication-stream.ts";
import { type TableControl, tableControl } from "./table-control.ts";

/** Waiting for messages ends at least this often, for heartbeats and to see that we shall stop. */
const TICK = SECOND / 2;

export interface ChangeSource {
  readonly stream: ReplicationStream;
  readonly catalog: pg.Client;
  readonly rules: FlushRules;
  readonly slot: string;
  /** Opens a connection to read tables again on. */
  readonly connect: () => Promise<pg.Client>;
  readonly system: string;
}

/**
 * Reads the stream into raw until `signal` aborts. One batch is committed while the next one fills; a second full batch waits,
 * and with it the socket. The server is told of a place only after the commit that stored it.
 */
export async function streamChanges(
  host: CaptureHost,
  source: ChangeSource,
  options: Omit<PendingChangesOptions, "unread" | "heldBack">,
  signal: AbortSignal,
): Promise<void> {
  const { stream, rules } = source;
  // Pace is kept by a clock that nobody sets: with the wall's, an hour back would be an hour without a commit.
  const millis = (): number => performance.now();
  const pending = pendingChanges(host, {
    ...options,
    unread: (table) => control.unread(table),
    heldBack: (table) => control.heldBack(table),
  });
  const control = tableControl(host, pending, { ...source, ...options });
  const heart = heartbeat(host, source.catalog, source.slot, rules.heartbeatMillis);
  const commits = commitQueue(host, stream, parsePosition(options.position).lsn, control, (lsn) => heart.reached(lsn));
  let lastCommitAt = millis() - rules.commitEveryMillis;
  let firstRowAt = 0;

  const startCommit = async (): Promise<void> => {
    lastCommitAt = millis();
    firstRowAt = lastCommitAt;
    await commits.start(pending);
  };
  const dueAt = (): number => Math.max(firstRowAt + rules.firstRowMillis, lastCommitAt + rules.commitEveryMillis);

  try {
    while (!signal.aborted) {
      commits.check();
      await control.tend();
      const wait = pending.rows === 0 ? TICK : Math.min(TICK, Math.max(1, dueAt() - millis()));
      for (const message of await stream.next(wait)) {
        const wasEmpty = pending.rows === 0;
        if (control.waitsBefore(message)) await abortable(control.place(), signal);
        if (pending.needsDescription(message)) await pending.describe(message);
        pending.read(message);
        if (wasEmpty && pending.rows > 0) firstRowAt = millis();
        if (pending.rows >= rules.maxRows || pending.size >= rules.maxBytes) await startCommit();
      }
      if (pending.rows > 0) {
        if (millis() >= dueAt()) await startCommit();
      } else if (!pending.inTransaction && commits.idle) {
        await heart.reached(pending.receivedLsn);
        if (pending.receivedLsn > commits.storedLsn && millis() - lastCommitAt >= rules.idleAdvanceMillis)
          await startCommit();
      }
      await heart.beat();
    }
  } finally {
    await commits.settled();
    control.close();
  }
  commits.check();
}

interface CommitQueue {
  readonly idle: boolean;
  readonly storedLsn: bigint;
  /** Takes what is pending and commits it in the background; waits for the commit before it. */
  start(pending: PendingChanges): Promise<void>;
  /** Throws what a background commit failed with. */
  check(): void;
  settled(): Promise<void>;
}

function commitQueue(
  host: CaptureHost,
  stream: ReplicationStream,
  startLsn: bigint,
  control: TableControl,
  stored: (lsn: bigint) => Promise<void>,
): CommitQueue {
  let running: Promise<void> | null = null;
  let failure: { readonly error: unknown } | null = null;
  let storedLsn = startLsn;

  const check = (): void => {
    if (failure !== null) throw failure.error;
  };

  return {
    get idle() {
      return running === null;
    },
    get storedLsn() {
      return storedLsn;
    },
    check,
    async start(pending) {
      await running;
      check();
      const taken = pending.take();
      const settle = control.taken();
      running = host
        .commit({
          input: { from: "columns", columns: taken.batch.columns },
          counts: taken.batch.counts(),
          bytes: taken.batch.size,
          position: taken.position,
          progress: taken.progress,
        })
        .then(async () => {
          await settle();
          storedLsn = taken.confirmLsn;
          stream.confirm(taken.confirmLsn);
          await stored(taken.confirmLsn);
        })
        .catch((error: unknown) => {
          failure = { error };
        })
        .finally(() => {
          running = null;
        });
    },
    async settled() {
      await running;
    },
  };
}
