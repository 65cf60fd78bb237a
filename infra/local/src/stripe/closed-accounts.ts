import { eventCode, type Happening } from "./event-kinds.ts";
import { type CustomerRow, type OrderRows, readToEnd, ROWS_AT_ONCE } from "./order-rows.ts";

const SECOND = 1000;

export interface ClosedAccounts {
  /** Customers that went since the last look. A look that is not due yet finds none; one that fails loses none. */
  look(): Promise<Happening[]>;
  /** All of them since the start, as they were: nothing else tells of them now. */
  readonly closed: ReadonlyMap<number, CustomerRow>;
}

/** Deleted rows leave no trace in their table: who was there before and is no longer there was deleted. */
export function closedAccounts(
  rows: Pick<OrderRows, "customers">,
  { now, everyMs }: { now: () => number; everyMs: number },
): ClosedAccounts {
  const closed = new Map<number, CustomerRow>();
  let known = new Map<number, CustomerRow>();
  let dueAt = 0;
  return {
    closed,
    async look() {
      if (now() < dueAt) return [];
      const there = new Map<number, CustomerRow>();
      await readToEnd(
        (from) => rows.customers({ filters: [], from, direction: "up", limit: ROWS_AT_ONCE }),
        (row) => row.customerId,
        0,
        (row) => there.set(row.customerId, row),
      );
      const gone = [...known.values()].filter(({ customerId }) => !there.has(customerId));
      known = there;
      dueAt = now() + everyMs;
      for (const row of gone) closed.set(row.customerId, row);
      const created = Math.floor(now() / SECOND);
      return gone.map(({ customerId }) => ({ code: eventCode("customer.deleted", customerId), created }));
    },
  };
}
