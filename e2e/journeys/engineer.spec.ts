import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/journey.ts";

const SOURCES = ["Order database", "Salesforce", "Stripe", "Application logs"];

test.describe("A data engineer", () => {
  test("sees four sources flowing, and what one of them sends", async ({ enter }) => {
    const page = await enter("data engineer");
    await page.goto("/sources");
    const table = page.getByRole("table", { name: "Sources" });
    for (const source of SOURCES) {
      const row = table.getByRole("row").filter({ has: page.getByRole("link", { name: source, exact: true }) });
      await expect(row.getByText("Streaming", { exact: true })).toBeVisible();
      await expect(row).toContainText(/ago|just now/);
    }
    await table.getByRole("link", { name: "Order database" }).click();
    await expect(page.getByRole("heading", { name: "Order database", level: 1 })).toBeVisible();
    await page.getByRole("searchbox", { name: "Filter streams" }).fill("status_hist");
    const streams = page.getByRole("table", { name: "Streams" });
    await expect(streams.getByRole("row")).toHaveCount(2);
    await expect(streams).toContainText("public.order_status_history");
    await expect(page).toHaveURL(/stream=status_hist/);
  });

  test("opens a run of curated.orders and reads its log by step, level and text", async ({ enter }) => {
    const page = await enter("data engineer");
    await openRunOf(page, "curated.orders");
    await expect(page.getByRole("region", { name: "Steps" })).toContainText("curated.orders");
    const lines = page.getByRole("list", { name: "Log" }).getByRole("listitem");
    await expect(lines.first()).toBeVisible();

    await page.getByRole("searchbox", { name: "Filter log" }).fill("curated.orders");
    await expect(page).toHaveURL(/text=curated\.orders/);
    await expect(lines.first()).toContainText("curated.orders");
    await page.getByRole("button", { name: "Errors only" }).click();
    // None, unless an attempt failed before the run succeeded.
    await expect(
      page
        .getByRole("main")
        .getByText("No line matches")
        .or(lines.filter({ hasText: "error" }).first()),
    ).toBeVisible();
    await expect(lines.filter({ hasNotText: "error" })).toHaveCount(0);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await expect(lines.first()).toBeVisible();

    await lines.first().hover();
    await lines.first().getByRole("button", { name: "Copy link to this line" }).click();
    await expect(page).toHaveURL(/line=\d+/);
  });

  test("sees which log lines could not be read and which Stripe events were forged", async ({ enter }) => {
    const page = await enter("data engineer");
    await page.goto("/sources/app_logs");
    await expect(quarantined(page, "Could not be read").first()).toContainText(/[1-9]\d* rows?/);
    await page.goto("/sources/stripe");
    const forged = quarantined(page, "Signature is missing or wrong");
    await expect(forged).toContainText(/[1-9]\d* rows?/);
    await forged.getByText(/Newest of/).click();
    await expect(forged.getByLabel(/^Masked sample/)).toBeVisible();
  });
});

function quarantined(page: Page, reason: string) {
  return page.getByRole("region", { name: "Quarantine" }).getByRole("listitem").filter({ hasText: reason });
}

async function openRunOf(page: Page, dataset: string): Promise<void> {
  await page.goto("/runs?state=succeeded");
  await page.getByRole("searchbox", { name: "Filter by dataset" }).fill(dataset);
  await expect(page).toHaveURL(/dataset=curated\.orders/);
  const runs = page.getByRole("table", { name: "Runs" });
  await expect(runs.getByRole("row").nth(1)).toContainText(dataset);
  await runs.getByRole("link").first().click();
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
}
