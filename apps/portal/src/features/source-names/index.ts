import type { SourceId } from "@nova/pipeline-core/connectors";

/** Sources as people call them. */
export const SOURCE_LABEL: Record<SourceId, string> = {
  orders_db: "Order database",
  salesforce: "Salesforce",
  stripe: "Stripe",
  app_logs: "Application logs",
};
