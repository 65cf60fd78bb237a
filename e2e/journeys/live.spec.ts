import type { Locator } from "@playwright/test";
import { expect, test } from "../fixtures/journey.ts";
import { openOrderDatabase } from "../fixtures/order-database.ts";
import { DatasetPage } from "../pages/dataset-page.ts";

// The promise is a minute on an idle machine; a test machine may be slow, the bench measures.
const VISIBLE_MILLIS = 4 * 60_000;

test("An order placed in the source appears on the page of curated.orders, and follows its update and its delete", async ({
  enter,
  platform,
}) => {
  test.setTimeout(4 * VISIBLE_MILLIS);
  const page = await enter("analyst");
  const dataset = new DatasetPage(page, "curated.orders");
  await dataset.open();
  const sample = await dataset.choose("Sample");
  await expect(sample.getByRole("table", { name: "Rows of curated.orders" })).toBeVisible();
  let loads = 0;
  page.on("load", () => (loads += 1));

  const shop = await openOrderDatabase(platform.ordersDbUrl);
  try {
    const { orderId, orderNumber } = await shop.place("4321.09");
    const row = sample.getByRole("row").filter({ hasText: orderNumber });
    await untilRefreshed(sample, () => expect(row).toContainText("4321.09", { timeout: 1_000 }));
    await expect(row).toContainText("pending");

    await shop.cancel(orderId);
    await untilRefreshed(sample, () => expect(row).toContainText("cancelled", { timeout: 1_000 }));

    await shop.remove(orderId);
    await untilRefreshed(sample, () => expect(row).toHaveCount(0, { timeout: 1_000 }));
  } finally {
    await shop.close();
  }
  expect(loads, "the page was not loaded again").toBe(0);
});

test("The number of orders on the page follows the shop by itself", async ({ enter, platform }) => {
  test.setTimeout(2 * VISIBLE_MILLIS);
  const dataset = new DatasetPage(await enter("analyst"), "curated.orders");
  await dataset.open();
  await expect.poll(() => dataset.rowCount()).toBeGreaterThan(0);
  const before = await dataset.rowCount();
  const shop = await openOrderDatabase(platform.ordersDbUrl);
  try {
    const placed = [];
    while (placed.length < 5) placed.push(await shop.place("1.00"));
    await expect.poll(() => dataset.rowCount(), { timeout: VISIBLE_MILLIS }).not.toBe(before);
    for (const { orderId } of placed) await shop.remove(orderId);
  } finally {
    await shop.close();
  }
});

/** The page offers new rows and lets the reader take them: takes them as they are offered until what is expected shows. */
async function untilRefreshed(sample: Locator, expectation: () => Promise<void>): Promise<void> {
  const offer = sample.getByRole("button", { name: "New rows, refresh" });
  await expect(async () => {
    if (await offer.isVisible()) await offer.click();
    await expectation();
  }).toPass({ timeout: VISIBLE_MILLIS });
}
