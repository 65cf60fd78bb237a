import type Stripe from "stripe";
import { messyEmail, person } from "../people.ts";
import { disputeOpenedAt } from "./event-kinds.ts";
import { encodeId } from "./object-ids.ts";
import { amountOf, chargeId, customerId, intentId, metadataOf, type PaymentView } from "./stripe-objects.ts";

const DAY = 86_400;

export const disputeId = (paymentId: number): string => encodeId("dp", "0", paymentId);
export const invoiceId = (paymentId: number): string => encodeId("in", "0", paymentId);

const NO_EVIDENCE: Omit<Stripe.Dispute.Evidence, "enhanced_evidence"> = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};

/** Half of the disputes are won, by payment number. */
export function dispute(view: PaymentView, closed: boolean): Stripe.Dispute {
  const created = disputeOpenedAt(view.row);
  return {
    id: disputeId(view.row.paymentId),
    object: "dispute",
    amount: amountOf(view),
    balance_transactions: [],
    charge: chargeId(view),
    created,
    currency: view.row.currency,
    enhanced_eligibility_types: [],
    evidence: { ...NO_EVIDENCE, enhanced_evidence: {} },
    evidence_details: {
      due_by: created + 7 * DAY,
      enhanced_eligibility: {},
      has_evidence: closed,
      past_due: false,
      submission_count: closed ? 1 : 0,
      submission_method: "manual",
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: metadataOf(view),
    payment_intent: intentId(view),
    reason: view.row.paymentId % 3 === 0 ? "fraudulent" : "product_not_received",
    status: closed ? (view.row.paymentId % 2 === 0 ? "won" : "lost") : "needs_response",
  };
}

/** The invoice of a captured payment: one line for the whole order. */
export function invoice(view: PaymentView): Stripe.Invoice {
  const { row } = view;
  const amount = amountOf(view);
  const paidAt = row.capturedAt ?? row.updatedAt;
  const who = person(row.customerId - 1);
  return {
    id: invoiceId(row.paymentId),
    object: "invoice",
    account_country: "DE",
    account_name: "NovaRetail",
    account_tax_ids: null,
    amount_due: amount,
    amount_overpaid: 0,
    amount_paid: amount,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 1,
    attempted: true,
    auto_advance: false,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: "manual",
    collection_method: "charge_automatically",
    created: row.createdAt,
    currency: row.currency,
    custom_fields: null,
    customer: customerId(row.customerId),
    customer_account: null,
    customer_address: null,
    customer_email: messyEmail(who, "stripe"),
    customer_name: `${who.firstName} ${who.lastName}`,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: "none",
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: `NovaRetail order ${row.orderId}`,
    discounts: [],
    due_date: null,
    effective_at: paidAt,
    ending_balance: 0,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: "self" },
    last_finalization_error: null,
    latest_revision: null,
    lines: { object: "list", data: [], has_more: false, url: `/v1/invoices/${invoiceId(row.paymentId)}/lines` },
    livemode: false,
    metadata: metadataOf(view),
    next_payment_attempt: null,
    number: `NOVA-${String(row.paymentId).padStart(8, "0")}`,
    on_behalf_of: null,
    parent: null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: row.createdAt,
    period_start: row.createdAt,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: "paid",
    status_transitions: {
      finalized_at: row.createdAt,
      marked_uncollectible_at: null,
      paid_at: paidAt,
      voided_at: null,
    },
    subtotal: amount,
    subtotal_excluding_tax: amount,
    test_clock: null,
    total: amount,
    total_discount_amounts: [],
    total_excluding_tax: amount,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}
