import { expect, test } from "../fixtures/journey.ts";
import { CatalogPage } from "../pages/catalog-page.ts";
import { DatasetPage } from "../pages/dataset-page.ts";

const FIRST_LOAD_MILLIS = 9 * 60_000;
const SEEDED_ORDERS = 200_000;

// Everything else needs data: when one of these fails, the other journeys are not run.
test("the history of all orders reaches curated.orders, and the page follows by itself", async ({ enter }) => {
  const page = await enter("analyst");
  const orders = new DatasetPage(page, "curated.orders");
  await orders.open();
  await expect.poll(() => orders.rowCount(), { timeout: FIRST_LOAD_MILLIS }).toBeGreaterThan(SEEDED_ORDERS);
  await expect(orders.figure("Data through")).toHaveText(/ago|just now/, { timeout: FIRST_LOAD_MILLIS });
});

test("all four sources have sent what was there and stream on", async ({ enter }) => {
  const page = await enter("analyst");
  await page.goto("/sources");
  const streaming = page.getByRole("table", { name: "Sources" }).getByText("Streaming", { exact: true });
  await expect(streaming).toHaveCount(4, { timeout: FIRST_LOAD_MILLIS });
});

test("no curated dataset and no mart is left unloaded", async ({ enter }) => {
  const page = await enter("analyst");
  await page.goto("/catalog?layer=curated,mart");
  const catalog = new CatalogPage(page);
  await expect(catalog.row("curated.customers")).toBeVisible();
  await expect(catalog.datasets.getByText("Not loaded")).toHaveCount(0, { timeout: FIRST_LOAD_MILLIS });
});
