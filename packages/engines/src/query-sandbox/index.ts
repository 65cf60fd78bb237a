export { maskedValue } from "./mask-sql.ts";
export {
  openQuerySandbox,
  type PlannedQuery,
  type QueryEnd,
  type QueryPlanned,
  type QuerySandbox,
  type QuerySink,
  type SandboxDataset,
  type SandboxOptions,
} from "./sandbox.ts";
