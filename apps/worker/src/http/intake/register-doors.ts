import type { LogIntake, LogService } from "@nova/engines/log-intake";
import type { StripeWebhook } from "@nova/engines/stripe";
import type { IntakeRefusals } from "@nova/pipeline-core/connectors";
import type { Clock, Logger } from "@nova/pipeline-core/kernel";
import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { intakeFigures } from "./intake-figures.ts";
import { registerLogIntake } from "./log-routes.ts";
import { refusalBook } from "./refusal-book.ts";
import { registerStripeWebhook } from "./stripe-routes.ts";

export interface Doors {
  readonly logs: LogIntake | null;
  readonly stripe: StripeWebhook | null;
  /** Whose token it is; null for nobody's. */
  readonly identify: (token: string) => LogService | null;
  readonly registry: Registry;
  readonly refusals: IntakeRefusals;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Opens the doors for what is pushed to us. The answer brings what they refused to the store and ends. */
export async function registerDoors(scope: FastifyInstance, doors: Doors): Promise<() => Promise<void>> {
  const { logs, stripe, identify, registry, clock, logger } = doors;
  const book = refusalBook({ store: doors.refusals, clock, logger });
  const figures = intakeFigures(registry, logger);
  await registerLogIntake(scope, {
    logs,
    identify,
    count(service, outcome, events, bytes) {
      figures(service, outcome, events, bytes);
      book.count("app_logs", service, outcome, events);
    },
    logger,
  });
  await registerStripeWebhook(scope, {
    stripe,
    logger,
    refused: (why) => book.count("stripe", "webhook", why, 0),
  });
  return () => book.stop();
}
