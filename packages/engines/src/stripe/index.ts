export { stripeConnector, type StripeConnectorOptions } from "./stripe-connector.ts";
export { stripeWebhook, type StripeWebhook, type StripeWebhookOptions } from "./stripe-webhook.ts";
