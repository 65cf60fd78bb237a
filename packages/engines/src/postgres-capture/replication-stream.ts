import { PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type pg from "pg";
import { captureFailure } from "./failure.ts";
import type { Lsn } from "./lsn.ts";
import { quoteIdentifier, quoteLiteral } from "./session.ts";

/** What `pg` has but does not declare: the protocol connection under a client. */
interface ProtocolConnection extends EventEmitter {
  readonly stream: Socket;
  sendCopyFromChunk(chunk: Buffer): void;
}

export interface ReplicationOptions {
  readonly slot: string;
  readonly publication: string;
  /** Reading from the socket stops above this many undecoded bytes and goes on below half of it. */
  readonly maxBufferedBytes: number;
}

/**
 * The open stream of a slot. Status goes to the server from a timer of its own, so a slow sink never makes the server hang
 * up (reliability case 54); only what `confirm` was told is confirmed.
 */
export interface ReplicationStream {
  /**
   * Messages that came since the last call, whole, as `XLogData` or keepalive bodies. Waits up to `timeoutMillis` for the
   * first. Throws when the connection ended.
   */
  next(timeoutMillis: number): Promise<readonly Buffer[]>;
  /** Everything before `lsn` is durable here: the server may forget it. Never goes back. */
  confirm(lsn: Lsn): void;
  close(): Promise<void>;
}

export const KEEPALIVE = 0x6b;
/** Header of XLogData: kind, start, end, send time. */
export const XLOG_HEADER_BYTES = 25;
const STATUS_EVERY = 5 * SECOND;
/** The server sends keepalives at half its wal_sender_timeout (60 s by default); silence for longer is a dead peer. */
const SILENCE_LIMIT = 90 * SECOND;
const POSTGRES_EPOCH_MILLIS = 946_684_800_000;

export async function openReplicationStream(
  client: pg.Client,
  options: ReplicationOptions,
  now: () => Date,
): Promise<ReplicationStream> {
  const connection = (client as unknown as { connection: ProtocolConnection }).connection;
  let queue: Buffer[] = [];
  let bufferedBytes = 0;
  let paused = false;
  const ended: { error: PlatformError | null } = { error: null };
  let closing = false;
  let confirmed: Lsn = 0n;
  let lastHeard = performance.now();
  let wake: (() => void) | null = null;
  let waitTimer: NodeJS.Timeout | null = null;

  const wakeUp = (): void => {
    wake?.();
    wake = null;
  };
  const end = (error: PlatformError): void => {
    ended.error ??= error;
    wakeUp();
  };
  const sendStatus = (): void => {
    if (ended.error !== null || closing) return;
    const message = Buffer.alloc(34);
    message[0] = 0x72;
    message.writeBigUInt64BE(confirmed, 1);
    message.writeBigUInt64BE(confirmed, 9);
    message.writeBigUInt64BE(confirmed, 17);
    message.writeBigInt64BE(BigInt(now().getTime() - POSTGRES_EPOCH_MILLIS) * 1000n, 25);
    connection.sendCopyFromChunk(message);
  };

  connection.on("copyData", ({ chunk }: { chunk: Buffer }) => {
    lastHeard = performance.now();
    if (chunk[0] === KEEPALIVE && chunk[17] === 1) sendStatus();
    // pg's parser reuses its buffer for later messages, so what waits must be a copy.
    queue.push(Buffer.from(chunk));
    bufferedBytes += chunk.length;
    if (!paused && bufferedBytes > options.maxBufferedBytes) {
      paused = true;
      connection.stream.pause();
    }
    wakeUp();
  });
  connection.once("end", () => end(new PlatformError("source-unreachable", "the replication connection was closed")));
  const timer = setInterval(() => {
    sendStatus();
    if (paused || performance.now() - lastHeard < SILENCE_LIMIT) return;
    end(
      new PlatformError("source-unreachable", "the source has been silent for too long on the replication connection"),
    );
    connection.stream.destroy();
  }, STATUS_EVERY);

  const started = new Promise<void>((resolve) => connection.once("replicationStart", () => resolve()));
  // Settles only when streaming ends; its error is the reason for that.
  const command = client
    .query(
      `START_REPLICATION SLOT ${quoteIdentifier(options.slot)} LOGICAL 0/0 (proto_version '1', publication_names ${quoteLiteral(quoteIdentifier(options.publication))})`,
    )
    .then(
      () => end(new PlatformError("source-unreachable", "the source ended the replication stream")),
      (error: unknown) => end(captureFailure(error)),
    );
  await Promise.race([started, command]);
  if (ended.error !== null) {
    clearInterval(timer);
    throw ended.error;
  }

  return {
    async next(timeoutMillis) {
      if (queue.length === 0 && ended.error === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          waitTimer = setTimeout(wakeUp, timeoutMillis);
        });
        if (waitTimer !== null) clearTimeout(waitTimer);
      }
      // What arrived before the end is still taken in order; the end is told by the next call.
      if (queue.length === 0 && ended.error !== null) throw ended.error;
      const taken = queue;
      queue = [];
      bufferedBytes = 0;
      if (paused) {
        paused = false;
        lastHeard = performance.now();
        connection.stream.resume();
      }
      return taken;
    },
    confirm(lsn) {
      if (lsn <= confirmed) return;
      confirmed = lsn;
      sendStatus();
    },
    async close() {
      closing = true;
      clearInterval(timer);
      if (waitTimer !== null) clearTimeout(waitTimer);
      end(new PlatformError("source-unreachable", "the replication connection was closed"));
      connection.stream.destroy();
      await command;
    },
  };
}
