/**
 * Where Stripe and the order database disagree, on purpose and always at the same payments, so that reconciliation has
 * something to find and a test knows what. All are rules on `payment_id`, simple enough to repeat in SQL.
 */

/** 0.5% of card payments never reached Stripe. */
export const missingAtStripe = (paymentId: number): boolean => paymentId % 200 === 13;

/** 0.5% stand at Stripe with another amount. */
export const amountDiffers = (paymentId: number): boolean => paymentId % 200 === 77;

/** 0.3% of orders were charged twice: the second charge is only at Stripe. */
export const chargedTwice = (paymentId: number): boolean => paymentId % 331 === 5;

/** 0.2% of captured payments are disputed, two days later. */
export const DISPUTED = { every: 499, at: 7 } as const;
export const disputed = (paymentId: number): boolean => paymentId % DISPUTED.every === DISPUTED.at;

/** One payment in twenty has an invoice at Stripe. */
export const INVOICED = { every: 20, at: 3 } as const;
export const invoiced = (paymentId: number): boolean => paymentId % INVOICED.every === INVOICED.at;

const MINIMUM = 50;
const ONE_UNIT = 100;

/** The amount Stripe knows, in minor units, for what the order database says. */
export function amountAtStripe(paymentId: number, amount: number): number {
  if (!amountDiffers(paymentId)) return amount;
  return Math.max(MINIMUM, amount + (paymentId % 400 === 77 ? ONE_UNIT : -ONE_UNIT));
}
