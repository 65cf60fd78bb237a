import type { ScanCharges, ScanKind } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";

interface Charged {
  readonly engine: Pick<LakeEngine, "openMeter">;
  readonly charges: ScanCharges;
}

/** Charges what the work scans to the dataset, also when it fails half-way. For work that nothing else keeps the scans of. */
export async function charging<Result>(
  { engine, charges }: Charged,
  kind: Extract<ScanKind, "gate" | "comparison" | "upkeep">,
  dataset: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const meter = engine.openMeter({ kind, dataset });
  try {
    return await meter.run(work);
  } finally {
    await charges.charge(kind, dataset, meter.total());
  }
}
