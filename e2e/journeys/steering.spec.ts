import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/journey.ts";
import { openMetadataDatabase } from "../fixtures/metadata-database.ts";
import { openOrderDatabase } from "../fixtures/order-database.ts";

const MART = "mart.daily_sales";
const PATIENT = { timeout: 90_000 };

test.describe("A data engineer steers runs", () => {
  test("cancels a run: what waited ends and nothing of it is published", async ({ enter, platform }) => {
    const page = await enter("data engineer");
    const metadata = await openMetadataDatabase(platform.metadataDbUrl);
    const letGo = await metadata.holdAttempts();
    let runId = "";
    try {
      await expect.poll(async () => (runId = (await metadata.runThatStands()) ?? ""), PATIENT).not.toBe("");
      await page.goto(`/runs/${runId}`);
      await page.getByRole("button", { name: "Cancel run" }).click();
      const dialog = page.getByRole("dialog", { name: "Cancel this run?" });
      await expect(dialog).toContainText(`npm run nova -- cancel ${runId}`);
      await expect(dialog).toContainText("idempotency key");
      await dialog.getByRole("button", { name: "Cancel the run" }).click();
      await expect.poll(() => metadata.isTaken(runId), PATIENT).toBe(true);
    } finally {
      await letGo();
      await metadata.close();
    }
    await expect(page.getByText(/^Cancelled \d+ steps?; nothing of them is published/)).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Cancelled", PATIENT);
    await expect(page.getByText(/^Cancelled by .+@/).first()).toBeVisible();

    await page.getByRole("button", { name: "Retry…" }).click();
    const retry = page.getByRole("dialog", { name: "Retry this run" });
    await expect(retry.getByRole("radio", { name: /What failed or was cancelled/ })).toBeChecked();
    await retry.getByRole("button", { name: "Retry", exact: true }).click();
    await page
      .getByText(/^Retried by/)
      .getByRole("link")
      .click();
    await expect(page.getByText(/^Retry of/)).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Succeeded", PATIENT);
  });

  test("fixes what made a step fail and re-runs from it", async ({ enter, platform }) => {
    const page = await enter("data engineer");
    const orders = await openOrderDatabase(platform.ordersDbUrl);
    const metadata = await openMetadataDatabase(platform.metadataDbUrl);
    let broken: string | null = null;
    let runId = "";
    try {
      broken = await orders.placeWithoutDiscount();
      await expect.poll(async () => (runId = (await metadata.failedRunOf(MART)) ?? ""), PATIENT).not.toBe("");
    } finally {
      if (broken !== null) await orders.mend(broken);
      await orders.close();
      await metadata.close();
    }
    await page.goto(`/runs/${runId}`);
    await expect(page.getByRole("alert").filter({ hasText: "failing check" })).toContainText(
      "required columns are null: discounts",
    );
    await page.getByRole("button", { name: "Retry…" }).click();
    const dialog = page.getByRole("dialog", { name: "Retry this run" });
    await dialog.getByRole("radio", { name: /From a step on/ }).check();
    await dialog.getByRole("radio", { name: MART }).check();
    await expect(dialog).toContainText(`npm run nova -- retry ${runId} --from ${MART}`);
    await dialog.getByRole("button", { name: "Retry", exact: true }).click();
    await page
      .getByText(/^Retried by/)
      .first()
      .getByRole("link")
      .click();
    await expect(page.getByText(/^Retry of/)).toBeVisible();
    await expect(page.getByText(/^Asked by .+@/).first()).toBeVisible();
    await expect(page.getByRole("region", { name: "Steps" })).toContainText(MART);
  });

  test("cancels several runs at once from the list, and retries them with the keyboard alone", async ({
    enter,
    platform,
  }) => {
    const page = await enter("data engineer");
    const metadata = await openMetadataDatabase(platform.metadataDbUrl);
    const letGo = await metadata.holdAttempts();
    let runId = "";
    try {
      await expect.poll(async () => (runId = (await metadata.runThatStands()) ?? ""), PATIENT).not.toBe("");
      await page.goto("/runs?state=running");
      await page.getByRole("checkbox", { name: "Select all runs shown" }).check();
      const selected = page.getByRole("toolbar", { name: "Selected runs" });
      await expect(selected.getByRole("status")).toContainText(/^[1-9]\d* runs? selected$/);
      await selected.getByRole("button", { name: /^Cancel [1-9]/ }).click();
      const dialog = page.getByRole("dialog", { name: /^Cancel \d+ runs?\?$/ });
      await expect(dialog).toContainText(`npm run nova -- cancel ${runId}`);
      await dialog.getByRole("button", { name: /^Cancel \d+ runs?$/ }).click();
      await expect.poll(() => metadata.isTaken(runId), PATIENT).toBe(true);
    } finally {
      await letGo();
      await metadata.close();
    }
    const outcomes = page.getByRole("dialog").getByRole("list", { name: "Runs" });
    const cancelled = outcomes.getByRole("listitem").filter({ hasText: `${runId.slice(0, 8)}…${runId.slice(-4)}` });
    await expect(cancelled).toContainText("nothing of them is published", PATIENT);
    await page.keyboard.press("Escape");

    await page.goto("/runs?state=cancelled");
    await expect(page.getByRole("table", { name: "Runs" }).locator("tbody").getByRole("row").first()).toBeVisible();
    await expect(page.getByRole("button", { name: /^Live/ })).toBeVisible();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await expect(page.getByRole("toolbar", { name: "Selected runs" })).toContainText("1 run selected");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("toolbar", { name: "Selected runs" })).toBeHidden();
    await page.keyboard.press("x");
    await page.keyboard.press("Shift+R");
    const retry = page.getByRole("dialog", { name: "Retry 1 run?" });
    await expect(retry).toContainText("npm run nova -- retry ");
    await retry.getByRole("button", { name: "Retry 1 run" }).click();
    await expect(retry.getByRole("listitem")).toContainText(/Done.*run [0-9a-f-]{36} began with \d+ steps?/, PATIENT);
  });

  test("rolls a dataset back, sees why it stands still, and releases it", async ({ enter }) => {
    const page = await enter("data engineer");
    await page.goto("/catalog/curated.orders");
    await page.getByRole("button", { name: "Roll back…" }).click();
    const dialog = page.getByRole("dialog", { name: "Roll back curated.orders" });
    await expect(dialog).toContainText("mart.daily_sales");
    await dialog.getByRole("radio").first().check();
    await expect(dialog).toContainText("npm run nova -- rollback curated.orders --run ");
    await dialog.getByRole("button", { name: "Roll back", exact: true }).click();
    const banner = page.getByRole("status").filter({ hasText: "Rolled back" }).first();
    await expect(banner).toContainText("It stays there until it is released or run again.", PATIENT);
    await expect(why(page)).toContainText(/rolled it back to snapshot \d+/);
    await expect(why(page)).toContainText("Stopped by a person");
    await banner.getByRole("button", { name: "Release" }).click();
    await page
      .getByRole("dialog", { name: "Release curated.orders?" })
      .getByRole("button", { name: "Release" })
      .click();
    await expect(banner).toBeHidden(PATIENT);
    await expect(why(page)).not.toContainText("Stopped by a person", PATIENT);
  });

  test("pauses a pipeline, which every page of it tells, and resumes it", async ({ enter }) => {
    const page = await enter("data engineer");
    await page.goto("/catalog/curated.products");
    await page.getByRole("button", { name: "Pause pipeline…" }).click();
    await page
      .getByRole("dialog", { name: "Pause sales?" })
      .getByRole("button", { name: "Pause", exact: true })
      .click();
    await expect(page.getByText("Pipeline sales is paused")).toBeVisible(PATIENT);
    await expect(why(page)).toContainText("Pipeline sales was paused by");
    await page.goto("/");
    await expect(page.getByText("Pipeline sales is paused")).toBeVisible();
    await page.goto("/runs");
    await expect(page.getByText("Pipeline sales is paused")).toBeVisible();
    await page.getByRole("button", { name: "Resume sales" }).click();
    await page.getByRole("dialog", { name: "Resume sales?" }).getByRole("button", { name: "Resume" }).click();
    await expect(page.getByText("Pipeline sales is paused")).toBeHidden(PATIENT);
  });
});

test("An analyst sees why a dataset stands still, and has no button to steer it", async ({ enter }) => {
  const page = await enter("analyst");
  await page.goto("/catalog/curated.orders");
  await expect(why(page)).toBeVisible();
  await expect(page.getByRole("button", { name: "Roll back…" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Run now…" })).toHaveCount(0);
});

function why(page: Page) {
  return page.getByRole("region", { name: "Why is it not running?" });
}
