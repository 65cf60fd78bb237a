import { chargedTwice, disputed, invoiced, missingAtStripe } from "./discrepancies.ts";
import { decodeId, encodeId } from "./object-ids.ts";
import type { CustomerRow, PaymentRow, RefundRow } from "./order-rows.ts";

const DAY = 86_400;
/** A second charge comes this long after the first (s). */
const SECOND_CHARGE_AFTER = 45;
/** A dispute comes this long after the capture (s). */
export const DISPUTED_AFTER = 2 * DAY;
const DISPUTE_CLOSED_AFTER = 9 * DAY;

/**
 * Every kind of event, in the order in which one second's events of a payment happen. The place in this list is part
 * of event ids: add at the end only.
 */
export const EVENT_KINDS = [
  { type: "customer.created", about: "customer", second: false },
  { type: "payment_intent.created", about: "payment", second: false },
  { type: "charge.succeeded", about: "payment", second: false },
  { type: "payment_intent.succeeded", about: "payment", second: false },
  { type: "charge.failed", about: "payment", second: false },
  { type: "payment_intent.payment_failed", about: "payment", second: false },
  { type: "refund.created", about: "refund", second: false },
  { type: "charge.refunded", about: "refund", second: false },
  { type: "charge.dispute.created", about: "payment", second: false },
  { type: "charge.dispute.closed", about: "payment", second: false },
  { type: "invoice.paid", about: "payment", second: false },
  // The second charge of orders charged twice: known to Stripe alone.
  { type: "payment_intent.created", about: "payment", second: true },
  { type: "charge.succeeded", about: "payment", second: true },
  { type: "payment_intent.succeeded", about: "payment", second: true },
  // Checkout writes name and address to the customer: that is how long-standing customers come into the event list.
  { type: "customer.updated", about: "payment", second: false },
  { type: "customer.deleted", about: "customer", second: false },
] as const;
export type EventType = (typeof EVENT_KINDS)[number]["type"];
type Kind = (typeof EVENT_KINDS)[number];

/** An event as a number: which kind, about which row. Small enough to keep hundreds of thousands. */
export type EventCode = number;

const SLOTS = 32;

export function eventCode(type: EventType, number: number, second = false): EventCode {
  return number * SLOTS + EVENT_KINDS.findIndex((kind) => kind.type === type && kind.second === second);
}

export function kindOf(code: EventCode): Kind {
  const kind = EVENT_KINDS[code % SLOTS];
  if (kind === undefined) throw new RangeError(`no event kind in code ${code}`);
  return kind;
}

/** The payment_id, refund_id or customer_id an event is about. */
export const numberOf = (code: EventCode): number => Math.floor(code / SLOTS);

export const eventId = (code: EventCode): string => encodeId("evt", (code % SLOTS).toString(36), numberOf(code));

/** The code in an event id; null for an id that is none of ours. */
export function eventCodeOf(id: string): EventCode | null {
  const decoded = decodeId("evt", id);
  const kind = decoded === null ? Number.NaN : Number.parseInt(decoded.kind, 36);
  return decoded !== null && kind < EVENT_KINDS.length ? decoded.number * SLOTS + kind : null;
}

/** An event and when it happened (s). */
export interface Happening {
  readonly code: EventCode;
  readonly created: number;
}

/** What has happened to a payment so far, and what the calendar will bring (disputes), in order. */
export function paymentHappenings(row: PaymentRow): Happening[] {
  const { paymentId, capturedAt, createdAt } = row;
  const events: Happening[] = [];
  const add = (type: EventType, created: number, second = false): void => {
    events.push({ code: eventCode(type, paymentId, second), created });
  };
  if (!missingAtStripe(paymentId)) {
    add("payment_intent.created", createdAt);
    if (row.status === "failed") {
      add("charge.failed", row.updatedAt);
      add("payment_intent.payment_failed", row.updatedAt);
    }
    if (capturedAt !== null) {
      add("charge.succeeded", capturedAt);
      add("payment_intent.succeeded", capturedAt);
      add("customer.updated", capturedAt);
      if (invoiced(paymentId)) add("invoice.paid", capturedAt);
      if (disputed(paymentId)) {
        add("charge.dispute.created", capturedAt + DISPUTED_AFTER);
        add("charge.dispute.closed", capturedAt + DISPUTE_CLOSED_AFTER);
      }
    }
  }
  if (chargedTwice(paymentId) && capturedAt !== null) {
    const again = secondChargeAt(row);
    add("payment_intent.created", again, true);
    add("charge.succeeded", again + 1, true);
    add("payment_intent.succeeded", again + 1, true);
  }
  return events;
}

/** When an order's second charge was made (s). */
export const secondChargeAt = (row: PaymentRow): number => (row.capturedAt ?? row.createdAt) + SECOND_CHARGE_AFTER;
export const disputeOpenedAt = (row: PaymentRow): number => (row.capturedAt ?? row.createdAt) + DISPUTED_AFTER;
export const disputeClosedAt = (row: PaymentRow): number => (row.capturedAt ?? row.createdAt) + DISPUTE_CLOSED_AFTER;

/** Whether an event belongs to a dispute: those come days after the payment. */
export const aboutDispute = (code: EventCode): boolean => kindOf(code).type.startsWith("charge.dispute.");

export function refundHappenings(row: RefundRow): Happening[] {
  if (missingAtStripe(row.payment.paymentId)) return [];
  return [
    { code: eventCode("refund.created", row.refundId), created: row.createdAt },
    { code: eventCode("charge.refunded", row.refundId), created: row.createdAt },
  ];
}

export const customerHappenings = (row: CustomerRow): Happening[] => [
  { code: eventCode("customer.created", row.customerId), created: row.createdAt },
];
