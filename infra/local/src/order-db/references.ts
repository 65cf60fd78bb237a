import { createHash } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * The Stripe payment intent id of a card payment, `pi_` and 24 letters or digits, the same for one payment for ever.
 * The seed computes the same text in SQL (`seed/functions.sql`); a test compares the two.
 */
export function stripePaymentIntentId(paymentId: number): string {
  const digest = createHash('sha256').update(`payment ${paymentId}`).digest()
  let id = 'pi_'
  for (let i = 0; i < 24; i += 1) id += ALPHABET.charAt((digest[i] ?? 0) % ALPHABET.length)
  return id
}
