import { createHash } from "node:crypto";
import { type Clock, PlatformError } from "@nova/pipeline-core/kernel";
import type { DeliveryLedger, Quarantine, QuarantinedItem, SourceId } from "@nova/pipeline-core/connectors";
import type { Spool } from "../spool/index.ts";
import { EnvelopeLines } from "./envelope-lines.ts";
import { readLines, type RefusedLine } from "./log-lines.ts";
import { readOtlp, encodeOtlpResponse, encodeOtlpStatus, type OtlpEncoding } from "./otlp.ts";

export interface IntakeAnswer {
  readonly accepted: number;
  readonly rejected: number;
  /** The batch came before; nothing was stored again. */
  readonly duplicate: boolean;
  /** The first refused lines, by number from 1. */
  readonly errors: readonly { readonly line: number; readonly detail: string }[];
}

/** Takes log batches. An answer means: accepted records are on disk, refused ones are in quarantine. */
export interface LogIntake {
  /** Newline-delimited JSON or one JSON array. `batchId` null: the content is the id. */
  acceptLines(body: Buffer, batchId: string | null): Promise<IntakeAnswer>;
  acceptOtlp(body: Buffer, encoding: OtlpEncoding): Promise<IntakeAnswer>;
  /** The answer to an OTLP request that was taken, in its encoding. */
  readonly otlpResponse: typeof encodeOtlpResponse;
  /** The answer to one that was not. */
  readonly otlpStatus: typeof encodeOtlpStatus;
}

export interface LogIntakeOptions {
  readonly source: SourceId;
  readonly spool: Spool;
  readonly quarantine: Quarantine;
  readonly deliveries: DeliveryLedger;
  readonly clock: Clock;
}

/** Refused lines of one request that are kept; the rest is counted only, so that a broken sender does not fill the store. */
const KEPT_REFUSALS = 100;
const KEPT_PAYLOAD = 4_000;
const SHOWN_ERRORS = 10;
/** Memory kept for the next batches: so many, each of so many bytes at most. */
const KEPT_IDLE = 8;
const KEPT_SIZE = 4 * 1024 ** 2;

export function logIntake(options: LogIntakeOptions): LogIntake {
  /** Batches in the spool or on their way into it. */
  const taken = new Map<string, Promise<void>>(options.spool.recoveredBatchIds.map((id) => [id, Promise.resolve()]));

  const store = async (batchId: string, lines: EnvelopeLines, refused: readonly QuarantinedItem[]): Promise<void> => {
    const seen = await options.deliveries.unseen(options.source, [batchId]);
    if (!seen.has(batchId)) throw new DuplicateBatch();
    if (refused.length > 0) await options.quarantine.add(refused);
    if (lines.rows === 0) return;
    await options.spool.append({ batchId, rows: lines.rows, render: (position) => lines.render(position) });
  };

  const accept = async (
    batchId: string,
    lines: EnvelopeLines,
    refused: readonly RefusedLine[],
  ): Promise<IntakeAnswer> => {
    const answer = {
      accepted: lines.rows,
      rejected: refused.length,
      errors: refused.slice(0, SHOWN_ERRORS).map(({ line, detail }) => ({ line, detail })),
    };
    const before = taken.get(batchId);
    if (before !== undefined) {
      await before;
      return { ...answer, duplicate: true };
    }
    const receivedAt = options.clock.now();
    const items = refused.slice(0, KEPT_REFUSALS).map(({ detail, payload }) => ({
      source: options.source,
      stream: "events",
      reason: "malformed" as const,
      detail,
      payload: payload.slice(0, KEPT_PAYLOAD),
      receivedAt,
    }));
    const storing = store(batchId, lines, items);
    taken.set(batchId, storing);
    try {
      await storing;
    } catch (error) {
      taken.delete(batchId);
      if (error instanceof DuplicateBatch) return { ...answer, duplicate: true };
      throw error;
    }
    forgetOldest(taken);
    return { ...answer, duplicate: false };
  };

  const idle: EnvelopeLines[] = [];
  /** Lends lines for one batch: memory that is taken anew for each makes the collector run over the whole heap. */
  const using = async (work: (lines: EnvelopeLines) => Promise<IntakeAnswer>): Promise<IntakeAnswer> => {
    const lines = idle.pop() ?? new EnvelopeLines();
    try {
      return await work(lines);
    } finally {
      lines.clear();
      if (idle.length < KEPT_IDLE && lines.json.size <= KEPT_SIZE) idle.push(lines);
    }
  };

  return {
    otlpResponse: encodeOtlpResponse,
    otlpStatus: encodeOtlpStatus,
    acceptLines(body, batchId) {
      return using((lines) => accept(batchId ?? contentId(body), lines, readLines(body, lines)));
    },
    acceptOtlp(body, encoding) {
      return using((lines) => {
        readOtlp(body, encoding, lines);
        return accept(contentId(body), lines, []);
      });
    },
  };
}

/** Not a failure: tells `accept` that the ledger knows the batch. */
class DuplicateBatch extends PlatformError {
  constructor() {
    super("conflict", "the batch was taken before");
  }
}

/** The ledger knows batches once they are committed; these newest ones are only in the spool. */
const REMEMBERED_BATCHES = 20_000;

function forgetOldest(taken: Map<string, Promise<void>>): void {
  if (taken.size <= REMEMBERED_BATCHES) return;
  const oldest = taken.keys().next();
  if (!oldest.done) taken.delete(oldest.value);
}

function contentId(body: Buffer): string {
  return `sha256:${createHash("sha256").update(body).digest("base64url")}`;
}
