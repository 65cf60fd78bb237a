import { createHash } from "node:crypto";
import type { Clock } from "@nova/pipeline-core/kernel";
import type {
  DeliveryLedger,
  Quarantine,
  QuarantinedItem,
  RefusedOrigin,
  SourceId,
} from "@nova/pipeline-core/connectors";
import type { Spool } from "../spool/index.ts";
import { backPressure } from "./back-pressure.ts";
import { EnvelopeLines } from "./envelope-lines.ts";
import { readLines } from "./log-lines.ts";
import type { LogService } from "./log-service.ts";
import { readOtlp, encodeOtlpResponse, encodeOtlpStatus, type OtlpEncoding } from "./otlp.ts";

export interface IntakeAnswer {
  readonly accepted: number;
  readonly rejected: number;
  /** The batch came before; nothing was stored again. */
  readonly duplicate: boolean;
  /** The first refused lines, by number from 1. */
  readonly errors: readonly { readonly line: number; readonly detail: string }[];
}

/** Whose batch it is, and what the sender calls it; `batchId` null: the content is the id. Ids of services are apart. */
export interface BatchOrigin {
  readonly service: LogService;
  readonly batchId: string | null;
}

/** Takes log batches. An answer means: accepted records are on disk, refused ones are in quarantine. */
export interface LogIntake {
  /**
   * Whether a batch of the service is let in now; asked before its body is read. Throws `overloaded` with `reason` (`quota`,
   * `fair-share`, `spool-full`) and `retryAfter` in seconds in its detail.
   */
  admit(service: LogService): void;
  /** Newline-delimited JSON or one JSON array; also as Fluent Bit's `http` output sends it. */
  acceptLines(body: Buffer, origin: BatchOrigin): Promise<IntakeAnswer>;
  acceptOtlp(body: Buffer, encoding: OtlpEncoding, origin: BatchOrigin): Promise<IntakeAnswer>;
  /** The answer to an OTLP request that was taken, in its encoding. */
  readonly otlpResponse: typeof encodeOtlpResponse;
  /** The answer to one that was not. */
  readonly otlpStatus: typeof encodeOtlpStatus;
}

type RefusedForm = RefusedOrigin["form"];

export interface LogIntakeOptions {
  readonly source: SourceId;
  readonly spool: Spool;
  readonly quarantine: Quarantine;
  readonly deliveries: DeliveryLedger;
  readonly clock: Clock;
}

/** Refused lines of one request that are kept; the rest is counted only, so that a broken sender does not fill the store. */
const KEPT_REFUSALS = 100;
/** Characters of them; the first is always kept. */
const KEPT_CHARACTERS = 1024 ** 2;
const SHOWN_ERRORS = 10;
/** Memory kept for the next batches: so many, each of so many bytes at most. */
const KEPT_IDLE = 8;
const KEPT_SIZE = 4 * 1024 ** 2;

export function logIntake(options: LogIntakeOptions): LogIntake {
  const { source, spool } = options;
  const pressure = backPressure(spool, options.clock);
  /** Batches on their way into the spool. */
  const underway = new Map<string, Promise<boolean>>();

  /** Returns false when the batch was taken before. Committed batches are in the ledger before they leave the spool. */
  const store = async (batchId: string, owner: string, form: RefusedForm, lines: EnvelopeLines): Promise<boolean> => {
    if (spool.holds(batchId)) return false;
    const seen = await options.deliveries.unseen(source, [batchId]);
    if (!seen.has(batchId)) return false;
    if (lines.refused.length > 0) await options.quarantine.add(quarantined(batchId, owner, form, lines));
    // Also a batch of which nothing was taken: sent again, its records would be judged twice, here and by a replay.
    if (lines.rows > 0 || lines.refused.length > 0) {
      await spool.append({ batchId, owner, rows: lines.rows, render: (position) => lines.render(position) });
    }
    return true;
  };
  const quarantined = (batchId: string, sender: string, form: RefusedForm, lines: EnvelopeLines): QuarantinedItem[] => {
    const receivedAt = options.clock.now();
    let characters = 0;
    return lines.refused
      .slice(0, KEPT_REFUSALS)
      .filter(({ payload }, index) => (characters += payload.length) <= KEPT_CHARACTERS || index === 0)
      .map(({ line, reason, detail, payload }) => {
        const origin = { delivery: `#${line} of ${batchId}`, batchId, sender, form };
        return { source, stream: "events", reason, detail, payload, receivedAt, origin };
      });
  };

  const accept = async (
    body: Buffer,
    origin: BatchOrigin,
    form: RefusedForm,
    lines: EnvelopeLines,
  ): Promise<IntakeAnswer> => {
    const { service } = origin;
    const batchId = `${service.name}:${origin.batchId ?? contentId(body)}`;
    const answer = {
      accepted: lines.rows,
      rejected: lines.refused.length,
      errors: lines.refused.slice(0, SHOWN_ERRORS).map(({ line, detail }) => ({ line, detail })),
    };
    const before = underway.get(batchId);
    if (before !== undefined) {
      await before;
      return { ...answer, duplicate: true };
    }
    // Others were let in while this body was read and unpacked.
    pressure.admit(service);
    pressure.charge(service, body.length, lines.rows + lines.refused.length);
    const storing = store(batchId, service.name, form, lines);
    underway.set(batchId, storing);
    try {
      return { ...answer, duplicate: !(await storing) };
    } finally {
      underway.delete(batchId);
    }
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
    admit: (service) => pressure.admit(service),
    acceptLines(body, origin) {
      return using((lines) => {
        readLines(body, lines, origin.service.name);
        return accept(body, origin, "line", lines);
      });
    },
    acceptOtlp(body, encoding, origin) {
      return using((lines) => {
        readOtlp(body, encoding, lines);
        return accept(body, origin, "otlp", lines);
      });
    },
  };
}

function contentId(body: Buffer): string {
  return `sha256:${createHash("sha256").update(body).digest("base64url")}`;
}
