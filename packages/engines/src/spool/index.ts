export {
  committedSegment,
  openSpool,
  segmentEndPosition,
  type Spool,
  type SpoolBatch,
  type SpoolOptions,
  type SpoolSegment,
} from "./spool.ts";
