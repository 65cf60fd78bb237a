import type { ScanCharges } from "@nova/pipeline-core/lakehouse";
import { chargeScans } from "./charge-scan.ts";
import type { StoreContext, StoreDb } from "./store-context.ts";

export function scanCharges(db: StoreDb, { clock }: Pick<StoreContext, "clock">): ScanCharges {
  return { charge: (kind, dataset, scanned) => chargeScans(db.pool, clock.now(), kind, [[dataset, scanned]]) };
}
