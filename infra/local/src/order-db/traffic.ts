import { setTimeout as pause } from "node:timers/promises";
import { Client, DatabaseError } from "pg";
import { readOrderTables } from "./catalog.ts";
import { wholePart, type Random } from "./random.ts";
import type { Action, Shop } from "./traffic/action.ts";
import {
  browse,
  changePrices,
  editProducts,
  editSideTables,
  reloadPriceFile,
  sideTablesOf,
  writeAuditLog,
} from "./traffic/serve-back-office.ts";
import { changeEmails, closeAccounts, renumberAddresses, signUp } from "./traffic/serve-customers.ts";
import {
  cancelOrders,
  capturePayments,
  correctQuantities,
  deleteOrders,
  deliverOrders,
  packOrders,
  returnOrders,
  shipOrders,
} from "./traffic/move-orders.ts";
import { placeOrders } from "./traffic/place-orders.ts";

export const RATES = ["quiet", "normal", "peak"] as const;
export type Rate = (typeof RATES)[number];

interface Pace {
  /** Row changes a second aimed at. */
  readonly rowsPerSecond: number;
  /** Orders placed in one round of all actions. Large batches keep the generator itself cheap. */
  readonly batch: number;
}

const PACES: Readonly<Record<Rate, Pace>> = {
  quiet: { rowsPerSecond: 5, batch: 1 },
  normal: { rowsPerSecond: 60, batch: 1 },
  // Somewhat above the 5,000 promised, because cascades are not counted and some statements find nothing to do.
  peak: { rowsPerSecond: 5_500, batch: 80 },
};

/** How often an action happens per order placed; at least once in a while even when batches are small. */
const ROUND: readonly (readonly [name: string, action: Action, perOrder: number])[] = [
  ["orders placed", placeOrders, 1],
  ["payments captured", capturePayments, 0.95],
  ["sign-ups", signUp, 0.2],
  ["orders packed", packOrders, 0.93],
  ["orders corrected", correctQuantities, 0.06],
  ["orders shipped", shipOrders, 0.93],
  ["side tables edited", editSideTables, 1],
  ["orders cancelled", cancelOrders, 0.05],
  ["orders delivered", deliverOrders, 0.93],
  ["orders returned", returnOrders, 0.07],
  ["prices changed", changePrices, 0.1],
  ["orders deleted", deleteOrders, 0.04],
  ["visits", browse, 0.6],
  ["products edited", editProducts, 0.1],
  ["e-mails changed", changeEmails, 0.05],
  ["addresses renumbered", renumberAddresses, 0.03],
  ["accounts closed", closeAccounts, 0.02],
  ["audit entries", writeAuditLog, 0.2],
];
const STAGING_ROWS: Readonly<Record<Rate, number>> = { quiet: 20, normal: 100, peak: 500 };
const ROUNDS_PER_RELOAD = 40;
const REPORT_EVERY = 30_000;
const LONGEST_WAIT = 10_000;
/** After falling behind by more than this (database away, machine asleep), what was missed is not made up for. */
const FORGIVE = 3_000;

export interface OrderTrafficOptions {
  readonly connectionString: string;
  readonly rate: Rate;
  /** Ends the traffic; the promise then resolves after the running transaction. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Source of every choice. */
  readonly random: Random;
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return;
  await pause(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

async function openShop(client: Client, random: Random): Promise<Shop> {
  const { rows } = await client.query<{ customers: string; products: string }>(
    "SELECT coalesce((SELECT max(customer_id) FROM customers), 0) AS customers, coalesce((SELECT max(product_id) FROM products), 0) AS products",
  );
  const sideTables = sideTablesOf(await readOrderTables(client));
  return {
    client,
    random,
    customers: Number(rows[0]?.customers),
    products: Number(rows[0]?.products),
    sideTables,
    nextSideTable: Math.floor(random() * sideTables.length),
  };
}

/** Class 08 is a lost connection, 57P a server that is going down or coming up. */
const isRefusal = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && error.code !== undefined && !/^(08|57P|53)/.test(error.code);

/** One action in one transaction. A row somebody else has just deleted or locked costs this action, not the shop. */
async function perform(
  shop: Shop,
  name: string,
  action: Action,
  n: number,
  log: (line: string) => void,
): Promise<number> {
  await shop.client.query("BEGIN");
  try {
    const changed = await action(shop, n);
    await shop.client.query("COMMIT");
    return changed;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await shop.client.query("ROLLBACK");
    log(`traffic: ${name} left out: ${error.message} (${error.code ?? "no code"})`);
    return 0;
  }
}

async function serve(client: Client, { rate, signal, log, random }: OrderTrafficOptions): Promise<void> {
  const shop = await openShop(client, random);
  const pace = PACES[rate];
  let began = performance.now();
  let changed = 0;
  let reported = { at: began, changed: 0, orders: 0 };
  let orders = 0;
  const act = async (name: string, action: Action, n: number): Promise<void> => {
    if (n === 0 || signal.aborted) return;
    changed += await perform(shop, name, action, n, log);
    if (action === placeOrders) orders += n;
    const now = performance.now();
    const due = began + (changed / pace.rowsPerSecond) * 1000;
    if (now - due > FORGIVE) began += now - due;
    else await sleep(due - now, signal);
    if (now - reported.at < REPORT_EVERY) return;
    const seconds = (now - reported.at) / 1000;
    log(
      `traffic: ${Math.round((changed - reported.changed) / seconds)} row changes/s, ${orders - reported.orders} orders in the last ${Math.round(seconds)} s`,
    );
    reported = { at: now, changed, orders };
  };
  for (let round = 0; !signal.aborted; round += 1) {
    for (const [name, action, perOrder] of ROUND) await act(name, action, wholePart(random, perOrder * pace.batch));
    if (round % ROUNDS_PER_RELOAD === 5) await act("price file", reloadPriceFile, STAGING_ROWS[rate]);
  }
}

/**
 * The shop at work until the signal: sign-ups, orders along their life, payments, returns, cancellations, deletes and
 * corrections. Survives restarts of the database; resolves after the signal, never rejects for a lost connection.
 */
export async function startOrderTraffic(options: OrderTrafficOptions): Promise<void> {
  const { connectionString, rate, signal, log } = options;
  let wait = 250;
  while (!signal.aborted) {
    const client = new Client({ connectionString, application_name: "order-db-traffic", statement_timeout: 60_000 });
    let lost: Error | null = null;
    // Without a listener a connection that breaks between two statements would end the process.
    client.on("error", (error) => {
      lost = error;
    });
    try {
      await client.connect();
      if (wait > 250) log("traffic: database is back");
      wait = 250;
      log(`traffic: ${rate}, about ${PACES[rate].rowsPerSecond} row changes/s`);
      await serve(client, options);
    } catch (error) {
      if (isRefusal(error) || !(error instanceof Error)) throw error;
      log(`traffic: database away (${(lost ?? error).message}), next try in ${wait / 1000} s`);
      await sleep(wait, signal);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    } finally {
      // A connection that is already gone cannot be closed better.
      await client.end().catch(() => undefined);
    }
  }
}
