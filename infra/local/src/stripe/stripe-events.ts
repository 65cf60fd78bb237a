import { charge, customer, paymentIntent, refund } from "./stripe-objects.ts";
import { dispute, invoice } from "./dispute-and-invoice.ts";
import { eventId, type Happening, kindOf, numberOf } from "./event-kinds.ts";
import { type CustomerRow, oneOf, type OrderRows, type PaymentRow, type RefundRow } from "./order-rows.ts";

/** The version of the API whose shapes are served: the one stripe 23.1.0 asks for. */
export const API_VERSION = "2026-10-28.endive";

/** The rows that events are about; each only where one is. */
export interface EventRows {
  readonly payments: ReadonlyMap<number, PaymentRow>;
  readonly refunds: ReadonlyMap<number, RefundRow>;
  readonly customers: ReadonlyMap<number, CustomerRow>;
}

/** The JSON of an event, as the list and the webhooks carry it. */
export interface StripeEvent {
  readonly id: string;
  readonly object: "event";
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: object; readonly previous_attributes?: object };
  readonly livemode: false;
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly type: string;
}

/** The object as it was when the event happened, whatever became of it later; null when its row is gone. */
function dataOf(code: number, rows: EventRows): StripeEvent["data"] | null {
  const kind = kindOf(code);
  const number = numberOf(code);
  if (kind.about === "customer") {
    const row = rows.customers.get(number);
    return row === undefined ? null : { object: customer(row) };
  }
  if (kind.about === "refund") {
    const row = rows.refunds.get(number);
    if (row === undefined) return null;
    if (kind.type === "refund.created") return { object: refund(row) };
    const before = row.refundedSoFar - row.amount;
    return {
      object: charge({ row: row.payment, second: false }, "succeeded", row.refundedSoFar),
      previous_attributes: { amount_refunded: before, refunded: false },
    };
  }
  const row = rows.payments.get(number);
  if (row === undefined) return null;
  const view = { row, second: kind.second };
  switch (kind.type) {
    case "payment_intent.created":
      return { object: paymentIntent(view, "created") };
    case "payment_intent.succeeded":
      return { object: paymentIntent(view, "succeeded") };
    case "payment_intent.payment_failed":
      return { object: paymentIntent(view, "failed") };
    case "charge.succeeded":
      return { object: charge(view, "succeeded", 0) };
    case "charge.failed":
      return { object: charge(view, "failed", 0) };
    case "charge.dispute.created":
      return { object: dispute(view, false) };
    case "charge.dispute.closed":
      return { object: dispute(view, true), previous_attributes: { status: "needs_response" } };
    case "customer.updated":
      return {
        object: customer({ customerId: row.customerId, createdAt: row.customerCreatedAt }),
        previous_attributes: { phone: null },
      };
    case "invoice.paid":
      return { object: invoice(view), previous_attributes: { status: "open", amount_paid: 0 } };
  }
}

/** Makes an event from its code; null when the order database has erased what it is about. */
export function renderEvent(
  { code, created }: Happening,
  rows: EventRows,
  pendingWebhooks: number,
): StripeEvent | null {
  const data = dataOf(code, rows);
  if (data === null) return null;
  return {
    id: eventId(code),
    object: "event",
    api_version: API_VERSION,
    created,
    data,
    livemode: false,
    pending_webhooks: pendingWebhooks,
    request: { id: null, idempotency_key: null },
    type: kindOf(code).type,
  };
}

/** Reads the rows that some events are about, three statements at most; of `closed` accounts there are none to read. */
export async function rowsOf(
  happenings: readonly Happening[],
  rows: OrderRows,
  closed: ReadonlyMap<number, CustomerRow>,
): Promise<EventRows> {
  const numbers = (about: "payment" | "refund" | "customer"): number[] => [
    ...new Set(happenings.filter(({ code }) => kindOf(code).about === about).map(({ code }) => numberOf(code))),
  ];
  const [payments, refunds, customers] = [numbers("payment"), numbers("refund"), numbers("customer")];
  const slice = (column: string, wanted: number[]) => ({
    filters: [oneOf(column, wanted)],
    from: null,
    direction: "up" as const,
    limit: wanted.length,
  });
  const [paymentRows, refundRows, customerRows] = await Promise.all([
    payments.length === 0 ? [] : rows.payments(slice("p.payment_id", payments)),
    refunds.length === 0 ? [] : rows.refunds(slice("r.refund_id", refunds)),
    customers.length === 0 ? [] : rows.customers(slice("c.customer_id", customers)),
  ]);
  return {
    payments: new Map(paymentRows.map((row) => [row.paymentId, row])),
    refunds: new Map(refundRows.map((row) => [row.refundId, row])),
    customers: new Map([...closed, ...customerRows.map((row) => [row.customerId, row] as const)]),
  };
}
