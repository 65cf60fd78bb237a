import type { Logger } from "@nova/pipeline-core/kernel";
import { Counter, type Registry } from "prom-client";

/** What became of a log batch, or of the records of one (`quarantined`). */
export type IntakeOutcome =
  | "taken"
  | "duplicate"
  | "quarantined"
  | "quota"
  | "fair-share"
  | "spool-full"
  | "unauthorized"
  | "refused"
  | "failed";

/** Counts one batch: `events` of it and `bytes` of it, decompressed. */
export type CountIntake = (service: string, outcome: IntakeOutcome, events: number, bytes: number) => void;

const HELD_BACK: ReadonlySet<IntakeOutcome> = new Set(["quota", "fair-share", "spool-full"]);

/** Counters of log intake by service. A service that is held back is also told in the log, once until it gets through again. */
export function intakeFigures(registry: Registry, logger: Logger): CountIntake {
  const counter = (name: string, help: string): Counter =>
    new Counter({ name, help, labelNames: ["service", "outcome"], registers: [registry] });
  const batches = counter("nova_intake_batches_total", "Log batches by what became of them.");
  const records = counter("nova_intake_events_total", "Log records by what became of their batch.");
  const volume = counter("nova_intake_bytes_total", "Bytes of log batches after decompression.");
  const heldBack = new Set<string>();
  return (service, outcome, events, bytes) => {
    if (outcome !== "quarantined") batches.inc({ service, outcome });
    records.inc({ service, outcome }, events);
    volume.inc({ service, outcome }, bytes);
    if (HELD_BACK.has(outcome) && !heldBack.has(service)) {
      heldBack.add(service);
      logger.warn("a service is asked to send its logs later", { service, reason: outcome });
    } else if (outcome === "taken" && heldBack.delete(service)) {
      logger.info("the service gets through again", { service });
    }
  };
}
