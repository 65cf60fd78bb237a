import type Stripe from "stripe";
import { hash32, messyEmail, person } from "../people.ts";
import { stripePaymentIntentId } from "../order-db/references.ts";
import { amountAtStripe } from "./discrepancies.ts";
import { secondChargeAt } from "./event-kinds.ts";
import { encodeId } from "./object-ids.ts";
import type { CustomerRow, PaymentRow, RefundRow } from "./order-rows.ts";

/** The state of the object to show: as it is now, or as it was at one of its events. */
export type Stage = "created" | "succeeded" | "failed";

/** A payment, or the second charge that only Stripe knows. */
export interface PaymentView {
  readonly row: PaymentRow;
  readonly second: boolean;
}

export const customerId = (number: number): string => encodeId("cus", "0", number);
export const chargeId = ({ row, second }: PaymentView): string => encodeId("ch", second ? "1" : "0", row.paymentId);
export const refundId = (number: number): string => encodeId("re", "0", number);
export const intentId = ({ row, second }: PaymentView): string =>
  second ? encodeId("pi", "1", row.paymentId) : (row.reference ?? stripePaymentIntentId(row.paymentId));
export const methodId = (customer: number): string => encodeId("pm", "0", customer);

export const amountOf = ({ row }: PaymentView): number => amountAtStripe(row.paymentId, row.amount);
const createdOf = ({ row, second }: PaymentView): number => (second ? secondChargeAt(row) : row.createdAt);

/** Orders charged twice carry no payment_id on the second charge: the shop never heard of it. */
export function metadataOf({ row, second }: PaymentView): Record<string, string> {
  const metadata: Record<string, string> = { order_id: String(row.orderId), customer_id: String(row.customerId) };
  return second ? metadata : { ...metadata, payment_id: String(row.paymentId) };
}

/** Where a payment stands now. */
export function stageNow(view: PaymentView): Stage {
  if (view.second) return "succeeded";
  switch (view.row.status) {
    case "pending":
      return "created";
    case "failed":
      return "failed";
    case "captured":
    case "refunded":
      return "succeeded";
  }
}

const BRANDS = ["visa", "mastercard", "amex"] as const;

export function paymentIntent(view: PaymentView, stage: Stage): Stripe.PaymentIntent {
  const amount = amountOf(view);
  const id = intentId(view);
  const done = stage === "succeeded";
  return {
    id,
    object: "payment_intent",
    allowed_payment_method_types: null,
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: done ? amount : 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: { allow_redirects: "never", enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic",
    client_secret: null,
    confirmation_method: "automatic",
    created: createdOf(view),
    currency: view.row.currency,
    customer: customerId(view.row.customerId),
    customer_account: null,
    description: `NovaRetail order ${view.row.orderId}`,
    excluded_payment_method_types: null,
    last_payment_error:
      stage === "failed"
        ? {
            type: "card_error",
            code: "card_declined",
            decline_code: "generic_decline",
            message: "Your card was declined.",
          }
        : null,
    latest_charge: stage === "created" ? null : chargeId(view),
    livemode: false,
    managed_payments: null,
    metadata: metadataOf(view),
    next_action: null,
    on_behalf_of: null,
    payment_method: done ? methodId(view.row.customerId) : null,
    payment_method_configuration_details: null,
    payment_method_options: null,
    payment_method_types: ["card"],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: done ? "succeeded" : "requires_payment_method",
    transfer_data: null,
    transfer_group: null,
  };
}

/** `refunded` is what had been paid back by then, in minor units. */
export function charge(view: PaymentView, stage: Exclude<Stage, "created">, refunded: number): Stripe.Charge {
  const amount = amountOf(view);
  const paid = stage === "succeeded";
  const back = Math.min(amount, refunded);
  const who = person(view.row.customerId - 1);
  return {
    id: chargeId(view),
    object: "charge",
    amount,
    amount_captured: paid ? amount : 0,
    amount_refunded: back,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: paid ? encodeId("txn", view.second ? "1" : "0", view.row.paymentId) : null,
    billing_details: {
      address: {
        city: who.city,
        country: who.country,
        line1: who.street,
        line2: null,
        postal_code: who.postalCode,
        state: null,
      },
      email: messyEmail(who, "stripe"),
      name: `${who.firstName} ${who.lastName}`,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: "NOVARETAIL",
    captured: paid,
    created: view.second ? createdOf(view) : (view.row.capturedAt ?? view.row.updatedAt),
    currency: view.row.currency,
    customer: customerId(view.row.customerId),
    description: `NovaRetail order ${view.row.orderId}`,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: paid ? null : "card_declined",
    failure_message: paid ? null : "Your card was declined.",
    fraud_details: {},
    livemode: false,
    metadata: metadataOf(view),
    on_behalf_of: null,
    outcome: null,
    paid,
    payment_intent: intentId(view),
    payment_method: methodId(view.row.customerId),
    payment_method_details: cardDetails(view),
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: back >= amount,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: paid ? "succeeded" : "failed",
    transfer_data: null,
    transfer_group: null,
  };
}

function cardDetails({ row }: PaymentView): Stripe.Charge.PaymentMethodDetails {
  const roll = hash32(row.customerId, "card");
  return {
    type: "card",
    card: {
      amount_authorized: row.amount,
      authorization_code: null,
      brand: BRANDS[roll % BRANDS.length] ?? "visa",
      checks: null,
      country: person(row.customerId - 1).country,
      electronic_commerce_indicator: null,
      exp_month: 1 + (roll % 12),
      exp_year: 2027 + (roll % 5),
      fingerprint: encodeId("fp", "0", row.customerId).slice(3),
      funding: roll % 4 === 0 ? "debit" : "credit",
      installments: null,
      last4: String(1000 + (roll % 9000)),
      mandate: null,
      network: BRANDS[roll % BRANDS.length] ?? "visa",
      network_transaction_id: null,
      regulated_status: null,
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  };
}

export function refund(row: RefundRow): Stripe.Refund {
  const view = { row: row.payment, second: false };
  return {
    id: refundId(row.refundId),
    object: "refund",
    amount: Math.min(row.amount, amountOf(view)),
    balance_transaction: encodeId("txn", "2", row.refundId),
    charge: chargeId(view),
    created: row.createdAt,
    currency: row.payment.currency,
    customer: customerId(row.payment.customerId),
    customer_account: null,
    metadata: { ...metadataOf(view), refund_id: String(row.refundId) },
    payment_intent: intentId(view),
    payment_method: methodId(row.payment.customerId),
    reason: "requested_by_customer",
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
  };
}

/** Seven in ten Stripe customers carry the shop's number; the others are known by their e-mail alone. */
export const knowsCustomerNumber = (number: number): boolean => hash32(number, "stripe knows") % 100 < 70;

export function customer(row: CustomerRow): Stripe.Customer {
  const who = person(row.customerId - 1);
  return {
    id: customerId(row.customerId),
    object: "customer",
    address: {
      city: who.city,
      country: who.country,
      line1: who.street,
      line2: null,
      postal_code: who.postalCode,
      state: null,
    },
    balance: 0,
    created: row.createdAt,
    currency: null,
    customer_account: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: messyEmail(who, "stripe"),
    invoice_prefix: hash32(row.customerId, "invoice prefix").toString(36).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: knowsCustomerNumber(row.customerId) ? { customer_id: String(row.customerId) } : {},
    name: `${who.firstName} ${who.lastName}`,
    next_invoice_sequence: 1,
    phone: who.phone,
    preferred_locales: [],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  };
}
