import type { OwnQuery, WorkItem } from "@nova/db/read-models";
import type { JudgedDataset } from "./judge-health.ts";

/** What waits for a person: engineers get work, owners their datasets in trouble, everyone else their own queries. */
export type Waiting =
  | { readonly for: "engineers"; readonly work: readonly WorkItem[] }
  | { readonly for: "owners"; readonly owned: number; readonly troubled: readonly JudgedDataset[] }
  | { readonly for: "readers"; readonly queries: readonly OwnQuery[]; readonly work: readonly WorkItem[] };
