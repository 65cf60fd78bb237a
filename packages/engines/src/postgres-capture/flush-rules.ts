import { SECOND } from "@nova/pipeline-core/kernel";

/** When pending rows are committed; whichever comes first. */
export interface FlushRules {
  /** Rows that came after a quiet time wait this long for company. */
  readonly firstRowMillis: number;
  /** Under steady traffic commits are this far apart. */
  readonly commitEveryMillis: number;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** How often the place of an idle source is stored, so that it may forget log that holds nothing of ours. */
  readonly idleAdvanceMillis: number;
  /** How often the source is asked for its time and place. */
  readonly heartbeatMillis: number;
  /** How often requests of people are looked at. */
  readonly controlMillis: number;
  /** How often the publication is compared with the streams that are known. */
  readonly publicationMillis: number;
}

export const DEFAULT_FLUSH_RULES: FlushRules = {
  firstRowMillis: SECOND,
  commitEveryMillis: 4 * SECOND,
  maxRows: 50_000,
  maxBytes: 16 * 1024 * 1024,
  idleAdvanceMillis: 10 * SECOND,
  heartbeatMillis: 5 * SECOND,
  controlMillis: SECOND,
  publicationMillis: 15 * SECOND,
};
