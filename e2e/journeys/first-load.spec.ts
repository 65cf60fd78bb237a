import { expect, test } from "../fixtures/journey.ts";
import { DatasetPage } from "../pages/dataset-page.ts";

const FIRST_LOAD_MILLIS = 9 * 60_000;
const SEEDED_ORDERS = 200_000;

// Everything else needs data: when this fails, the other journeys are not run.
test("the history of all orders reaches curated.orders, and the page follows by itself", async ({ enter }) => {
  const page = await enter("analyst");
  const orders = new DatasetPage(page, "curated.orders");
  await orders.open();
  await expect.poll(() => orders.rowCount(), { timeout: FIRST_LOAD_MILLIS }).toBeGreaterThan(SEEDED_ORDERS);
});
