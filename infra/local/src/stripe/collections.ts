import { DISPUTED, INVOICED, chargedTwice, missingAtStripe } from "./discrepancies.ts";
import { dispute, invoice } from "./dispute-and-invoice.ts";
import { disputeClosedAt, disputeOpenedAt, DISPUTED_AFTER } from "./event-kinds.ts";
import type { ListParameters } from "./list-parameters.ts";
import { decodeId } from "./object-ids.ts";
import { type Filter, oneOf, type OrderRows, type PaymentRow, since, type Slice } from "./order-rows.ts";
import { charge, customer, paymentIntent, type PaymentView, refund, stageNow } from "./stripe-objects.ts";
import { invalid } from "./stripe-fault.ts";

/** An object as it is listed and retrieved. */
export interface Listed {
  readonly id: string;
  readonly created: number;
  readonly object: object;
}

/** One kind of object: where its rows are and what they show as. */
export interface Collection {
  /** As in the path: `/v1/charges`. */
  readonly path: string;
  /** As in "No such charge". */
  readonly noun: string;
  /** List parameters beside the paging ones and `created`. */
  readonly filters: readonly string[];
  /** The number of the row behind an id; null for an id that is none of this kind's. */
  rowOf(id: string): Promise<number | null>;
  /** Objects of the rows of a slice, in its direction, with the number of the row each comes from. */
  read(slice: Slice, now: number): Promise<{ number: number; objects: Listed[] }[]>;
  /** SQL conditions for what a list asks. */
  conditions(parameters: ListParameters): Filter[];
}

const listed = <T extends { id: string; created: number }>(object: T): Listed => ({
  id: object.id,
  created: object.created,
  object,
});

function views(row: PaymentRow): PaymentView[] {
  return [
    ...(missingAtStripe(row.paymentId) ? [] : [{ row, second: false }]),
    ...(chargedTwice(row.paymentId) && row.capturedAt !== null ? [{ row, second: true }] : []),
  ];
}

function createdConditions(column: string, { from, to }: ListParameters, delay = 0): Filter[] {
  return [
    ...(Number.isFinite(from) ? [since(column, from - delay)] : []),
    ...(Number.isFinite(to)
      ? [{ sql: (p: string) => `${column} < to_timestamp(${p}::float8)`, value: to - delay + 1 }]
      : []),
  ];
}

/** Filters by other objects' ids; an id that names nothing is refused as Stripe does. */
function referenceConditions({ filters }: ListParameters): Filter[] {
  return [...filters].map(([name, [id = ""]]) => {
    if (name === "payment_intent" && !id.startsWith("pi_3Nova"))
      return { sql: (p: string) => `p.provider_reference = ${p}`, value: id };
    const [prefix, column] =
      name === "customer"
        ? (["cus", "o.customer_id"] as const)
        : name === "charge"
          ? (["ch", "p.payment_id"] as const)
          : (["pi", "p.payment_id"] as const);
    const decoded = decodeId(prefix, id);
    if (decoded === null) throw invalid(name, `No such ${name}: '${id}'`, "resource_missing");
    return oneOf(column, [decoded.number]);
  });
}

const byOwnId =
  (prefix: string) =>
  (id: string): Promise<number | null> =>
    Promise.resolve(decodeId(prefix, id)?.number ?? null);
const captured: Filter = { sql: (p) => `p.captured_at IS NOT NULL AND ${p}::boolean`, value: true };
const every = ({ every: step, at }: { every: number; at: number }): Filter => ({
  sql: (p) => `p.payment_id % ${step} = ${p}::bigint`,
  value: at,
});

/** The five kinds that are made of payments differ in which rows they take and what they show. */
function paymentCollection(
  rows: OrderRows,
  kind: Pick<Collection, "path" | "noun" | "rowOf"> & {
    extra: readonly Filter[];
    created: string;
    delay?: number;
    show: (view: PaymentView, now: number) => Listed | null;
  },
): Collection {
  return {
    path: kind.path,
    noun: kind.noun,
    rowOf: kind.rowOf,
    filters: ["customer", "payment_intent", "charge"],
    conditions: (parameters) => [
      ...createdConditions(kind.created, parameters, kind.delay),
      ...referenceConditions(parameters),
    ],
    async read(slice, now) {
      const found = await rows.payments({ ...slice, filters: [...slice.filters, ...kind.extra] });
      return found.map((row) => {
        const objects = views(row)
          .map((view) => kind.show(view, now))
          .filter((object) => object !== null);
        // The second charge came later: in a list from new to old it stands first.
        return { number: row.paymentId, objects: slice.direction === "down" ? objects.toReversed() : objects };
      });
    },
  };
}

/** Everything `/v1` lists beside events. */
export function createCollections(rows: OrderRows): Collection[] {
  const intentRow = async (id: string): Promise<number | null> => {
    const own = decodeId("pi", id);
    if (own !== null) return own.number;
    const reference: Filter = { sql: (p) => `p.provider_reference = ${p}`, value: id };
    return (await rows.payments({ filters: [reference], from: null, direction: "up", limit: 1 }))[0]?.paymentId ?? null;
  };
  const first = (view: PaymentView): boolean => !view.second;
  return [
    paymentCollection(rows, {
      path: "payment_intents",
      noun: "payment_intent",
      rowOf: intentRow,
      extra: [],
      created: "p.created_at",
      show: (view) => listed(paymentIntent(view, stageNow(view))),
    }),
    paymentCollection(rows, {
      path: "charges",
      noun: "charge",
      rowOf: byOwnId("ch"),
      extra: [{ sql: (p) => `p.status <> ${p}`, value: "pending" }],
      created: "coalesce(p.captured_at, p.updated_at)",
      show(view) {
        const stage = stageNow(view);
        return stage === "created" ? null : listed(charge(view, stage, view.second ? 0 : view.row.refunded));
      },
    }),
    paymentCollection(rows, {
      path: "disputes",
      noun: "dispute",
      rowOf: byOwnId("dp"),
      extra: [captured, every(DISPUTED)],
      created: "p.captured_at",
      delay: DISPUTED_AFTER,
      show: (view, now) =>
        first(view) && disputeOpenedAt(view.row) <= now
          ? listed(dispute(view, disputeClosedAt(view.row) <= now))
          : null,
    }),
    paymentCollection(rows, {
      path: "invoices",
      noun: "invoice",
      rowOf: byOwnId("in"),
      extra: [captured, every(INVOICED)],
      created: "p.created_at",
      show: (view) => (first(view) ? listed(invoice(view)) : null),
    }),
    {
      path: "refunds",
      noun: "refund",
      filters: ["charge", "payment_intent"],
      rowOf: byOwnId("re"),
      conditions: (parameters) => [
        ...createdConditions("r.created_at", parameters),
        ...referenceConditions(parameters),
      ],
      read: async (slice) =>
        (await rows.refunds(slice)).map((row) => ({
          number: row.refundId,
          objects: missingAtStripe(row.payment.paymentId) ? [] : [listed(refund(row))],
        })),
    },
    {
      path: "customers",
      noun: "customer",
      filters: [],
      rowOf: byOwnId("cus"),
      conditions: (parameters) => createdConditions("c.created_at", parameters),
      read: async (slice) =>
        (await rows.customers(slice)).map((row) => ({ number: row.customerId, objects: [listed(customer(row))] })),
    },
  ];
}

/** One object by its id; null when there is none. */
export async function retrieve(collection: Collection, id: string, now: number): Promise<object | null> {
  const number = await collection.rowOf(id);
  if (number === null) return null;
  const [row] = await collection.read({ filters: [], from: number, direction: "up", limit: 1 }, now);
  return row?.number === number ? (row.objects.find((object) => object.id === id)?.object ?? null) : null;
}

/** A page of a list, newest first, read in chunks until it is full: rows may show as none, one or two objects. */
export async function listPage(
  collection: Collection,
  parameters: ListParameters,
  now: number,
): Promise<{ data: object[]; hasMore: boolean }> {
  const { limit, startingAfter, endingBefore } = parameters;
  const cursor = startingAfter ?? endingBefore;
  const direction = endingBefore === null ? "down" : "up";
  const filters = collection.conditions(parameters);
  let from: number | null = null;
  if (cursor !== null) {
    from = await collection.rowOf(cursor);
    if (from === null)
      throw invalid(
        startingAfter === null ? "ending_before" : "starting_after",
        `No such ${collection.noun}: '${cursor}'`,
        "resource_missing",
      );
  }
  const found: Listed[] = [];
  let skipping = cursor !== null;
  for (;;) {
    const rows = await collection.read({ filters, from, direction, limit: limit + 2 }, now);
    for (const { number, objects } of rows) {
      if (skipping && number !== from) skipping = false;
      for (const object of objects) {
        if (!skipping) {
          if (object.created >= parameters.from && object.created <= parameters.to) found.push(object);
        } else if (object.id === cursor) skipping = false;
      }
    }
    const last = rows.at(-1);
    if (found.length > limit || last === undefined || rows.length < limit + 2) break;
    from = last.number + (direction === "down" ? -1 : 1);
    skipping = false;
  }
  const page = found.slice(0, limit).map(({ object }) => object);
  return { data: direction === "down" ? page : page.toReversed(), hasMore: found.length > limit };
}
