import { Pool } from "pg";

/** A card payment as the order database has it now. Times are whole seconds since the epoch, money is minor units. */
export interface PaymentRow {
  readonly paymentId: number;
  readonly orderId: number;
  readonly customerId: number;
  readonly customerCreatedAt: number;
  readonly reference: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly status: "pending" | "captured" | "failed" | "refunded";
  readonly createdAt: number;
  readonly capturedAt: number | null;
  readonly updatedAt: number;
  readonly refunded: number;
}

export interface RefundRow {
  readonly refundId: number;
  readonly amount: number;
  readonly reason: string | null;
  readonly createdAt: number;
  /** All refunds of the payment up to this one. */
  readonly refundedSoFar: number;
  readonly payment: PaymentRow;
}

export interface CustomerRow {
  readonly customerId: number;
  readonly createdAt: number;
}

/** One side of a condition, as SQL with $n for its value. */
export interface Filter {
  readonly sql: (parameter: string) => string;
  readonly value: unknown;
}

/** Which rows: newest first (`down`) or oldest first (`up`), from a number on (inclusive). */
export interface Slice {
  readonly filters: readonly Filter[];
  readonly from: number | null;
  readonly direction: "down" | "up";
  readonly limit: number;
}

/** What the stand-in reads of the order database; it never writes there. */
export interface OrderRows {
  payments(slice: Slice): Promise<PaymentRow[]>;
  refunds(slice: Slice): Promise<RefundRow[]>;
  customers(slice: Slice): Promise<CustomerRow[]>;
  close(): Promise<void>;
}

const seconds = (column: string): string => `floor(extract(epoch FROM ${column}))::float8`;
const minor = (amount: string): string => `round(${amount} * 100)::float8`;

const PAYMENT = `p.payment_id::float8 AS "paymentId", p.order_id::float8 AS "orderId", c.customer_id::float8 AS "customerId", ${seconds("c.created_at")} AS "customerCreatedAt",
  p.provider_reference AS reference, ${minor("p.amount")} AS amount, lower(p.currency) AS currency, p.status,
  ${seconds("p.created_at")} AS "createdAt", ${seconds("p.captured_at")} AS "capturedAt", ${seconds("p.updated_at")} AS "updatedAt",
  coalesce((SELECT ${minor("sum(r2.amount)")} FROM refunds r2 WHERE r2.payment_id = p.payment_id), 0) AS refunded`;
const PAYMENTS = `SELECT ${PAYMENT} FROM payments p JOIN orders o USING (order_id) JOIN customers c USING (customer_id) WHERE p.method = 'card'`;
const REFUNDS = `SELECT ${PAYMENT}, r.refund_id::float8 AS "refundId", ${minor("r.amount")} AS "refundAmount", r.reason, ${seconds("r.created_at")} AS "refundedAt",
  (SELECT ${minor("sum(r3.amount)")} FROM refunds r3 WHERE r3.payment_id = r.payment_id AND r3.refund_id <= r.refund_id) AS "refundedSoFar"
  FROM refunds r JOIN payments p USING (payment_id) JOIN orders o USING (order_id) JOIN customers c USING (customer_id) WHERE p.method = 'card'`;
const CUSTOMERS = `SELECT c.customer_id::float8 AS "customerId", ${seconds("c.created_at")} AS "createdAt" FROM customers c WHERE true`;

function sliceOf(select: string, key: string, slice: Slice): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = slice.filters.map((filter) => filter.sql(bind(filter.value)));
  if (slice.from !== null)
    conditions.push(`${key} ${slice.direction === "down" ? "<=" : ">="} ${bind(slice.from)}::bigint`);
  const where = conditions.map((condition) => ` AND ${condition}`).join("");
  return {
    text: `${select}${where} ORDER BY ${key} ${slice.direction === "down" ? "DESC" : "ASC"} LIMIT ${slice.limit}`,
    values,
  };
}

interface FlatRefund extends PaymentRow {
  readonly refundId: number;
  readonly refundAmount: number;
  readonly reason: string | null;
  readonly refundedAt: number;
  readonly refundedSoFar: number;
}

/** Opens the order database for reading; connections are made when they are needed and made anew when they break. */
export function openOrderRows(connectionString: string, log: (line: string) => void): OrderRows {
  const pool = new Pool({
    connectionString,
    max: 3,
    application_name: "stripe stand-in",
    options: "-c default_transaction_read_only=on -c statement_timeout=20000",
    connectionTimeoutMillis: 5_000,
  });
  pool.on("error", (error) => log(`order database connection lost: ${error.message}`));
  return {
    async payments(slice) {
      return (await pool.query<PaymentRow>(sliceOf(PAYMENTS, "p.payment_id", slice))).rows;
    },
    async refunds(slice) {
      const { rows } = await pool.query<FlatRefund>(sliceOf(REFUNDS, "r.refund_id", slice));
      return rows.map(({ refundId, refundAmount, reason, refundedAt, refundedSoFar, ...payment }) => ({
        refundId,
        amount: refundAmount,
        reason,
        createdAt: refundedAt,
        refundedSoFar,
        payment,
      }));
    },
    async customers(slice) {
      return (await pool.query<CustomerRow>(sliceOf(CUSTOMERS, "c.customer_id", slice))).rows;
    },
    close: () => pool.end(),
  };
}

/** Rows with one of these numbers. */
export const oneOf = (column: string, numbers: readonly number[]): Filter => ({
  sql: (p) => `${column} = ANY (${p}::bigint[])`,
  value: numbers,
});
/** Rows whose column is at or after a moment (seconds). */
export const since = (column: string, at: number): Filter => ({
  sql: (p) => `${column} >= to_timestamp(${p}::float8)`,
  value: at,
});

/** How many rows `readToEnd` expects of one read. */
export const ROWS_AT_ONCE = 5_000;

/** Reads a table by rising number to its end, `ROWS_AT_ONCE` rows at a time. */
export async function readToEnd<T>(
  read: (from: number) => Promise<T[]>,
  numberOf: (row: T) => number,
  start: number,
  take: (row: T) => void,
): Promise<void> {
  for (let from = start; ;) {
    const page = await read(from);
    for (const row of page) take(row);
    const last = page.at(-1);
    if (last === undefined || page.length < ROWS_AT_ONCE) return;
    from = numberOf(last) + 1;
  }
}
