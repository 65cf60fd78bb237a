import { createHash } from "node:crypto";

/**
 * The Stripe payment intent id of a card payment: `pi_` and 24 letters or digits, for ever the same for one payment.
 * `seed/functions.sql` computes the same text as `pg_temp.payment_intent_id`; a test compares the two.
 */
export function stripePaymentIntentId(paymentId: number): string {
  return `pi_${createHash("sha256").update(`payment ${paymentId}`).digest("hex").slice(0, 24)}`;
}
