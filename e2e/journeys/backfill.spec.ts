import { expect, test } from "../fixtures/journey.ts";
import { openMetadataDatabase } from "../fixtures/metadata-database.ts";
import { openOrderDatabase } from "../fixtures/order-database.ts";
import { refreshUntil } from "../fixtures/refresh-until.ts";

const MART = "mart.daily_sales";
const PATIENT = { timeout: 180_000 };

test("A data engineer backfills thirty days of which two fail, pauses and resumes it, fixes the cause and retries", async ({
  enter,
  platform,
}) => {
  test.setTimeout(15 * 60_000);
  const page = await enter("data engineer");
  const orders = await openOrderDatabase(platform.ordersDbUrl);
  const metadata = await openMetadataDatabase(platform.metadataDbUrl);
  const heading = page.getByRole("heading", { level: 1 });
  try {
    const before = await metadata.now();
    await orders.placeWithoutDiscountOn([5, 9]);
    await refreshUntil(page, metadata, { dataset: MART, state: "failed", after: before });

    await page.goto(`/catalog/${MART}?tab=partitions`);
    await page.getByRole("button", { name: "Last 30 days" }).click(PATIENT);
    await expect(page.getByRole("status").filter({ hasText: "30 days" })).toBeVisible();
    await page.getByRole("slider", { name: "First day" }).press("ArrowRight");
    await expect(page.getByRole("status").filter({ hasText: "29 days" })).toBeVisible();
    await page.getByRole("slider", { name: "First day" }).press("ArrowLeft");
    await page.getByRole("button", { name: "Backfill these days…" }).click();
    const dialog = page.getByRole("dialog", { name: `Backfill ${MART}` });
    await dialog.getByRole("radio", { name: "All", exact: true }).click();
    await expect(dialog.getByRole("region", { name: "What the plan does" })).toContainText(
      "30 partitions in 30 runs",
      PATIENT,
    );
    await expect(dialog).toContainText("npm run nova -- backfill submit ");
    await dialog.getByRole("button", { name: "Launch 30 runs" }).click();
    await page.getByRole("link", { name: "View backfill" }).click(PATIENT);

    await expect(heading).toContainText(`Backfill of ${MART}`);
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await page
      .getByRole("dialog", { name: "Pause this backfill?" })
      .getByRole("button", { name: "Pause", exact: true })
      .click();
    await expect(heading).toContainText("Paused", PATIENT);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("dialog", { name: "Resume this backfill?" }).getByRole("button", { name: "Resume" }).click();

    await expect(heading).toContainText("Failed", { timeout: 480_000 });
    await expect(page.getByRole("region", { name: "Progress" })).toContainText("28 succeeded, 2 failed", PATIENT);
    const first = page.getByRole("table", { name: "Partitions" }).locator("tbody").getByRole("row").first();
    await expect(first).toContainText("required columns are null: discounts");

    await orders.mendDiscounts();
    await refreshUntil(page, metadata, { dataset: MART, state: "succeeded", after: await metadata.now() });
    await page.getByRole("button", { name: "Retry what failed…" }).click();
    const retry = page.getByRole("dialog", { name: "Retry what failed?" });
    await expect(retry).toContainText("2 partitions");
    await retry.getByRole("button", { name: "Retry" }).click();
    await expect(heading).toContainText("Done", PATIENT);
    await expect(page.getByRole("region", { name: "Progress" })).toContainText("30 succeeded", PATIENT);
    const { pathname } = new URL(page.url());
    await page.goto("/backfills");
    const own = page.getByRole("row").filter({ has: page.locator(`a[href="${pathname}"]`) });
    await expect(own).toContainText("30 succeeded");
  } finally {
    await orders.mendDiscounts();
    await orders.close();
    await metadata.close();
  }
});

test("An analyst sees the days of a dataset and its backfills, and has no button to begin one", async ({ enter }) => {
  const page = await enter("analyst");
  await page.goto(`/catalog/${MART}?tab=partitions`);
  await expect(page.getByRole("img", { name: new RegExp(`days of ${MART}`) })).toBeVisible(PATIENT);
  await expect(page.getByRole("button", { name: "Backfill…" })).toHaveAttribute("aria-disabled", "true");
  await page.goto("/backfills");
  await expect(page.getByRole("heading", { name: "Backfills", level: 1 })).toBeVisible();
});
