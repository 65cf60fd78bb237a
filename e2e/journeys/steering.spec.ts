import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/journey.ts";
import { askFor } from "../fixtures/call-portal.ts";
import { type MetadataDatabase, openMetadataDatabase } from "../fixtures/metadata-database.ts";
import { openOrderDatabase } from "../fixtures/order-database.ts";
import { refreshUntil } from "../fixtures/refresh-until.ts";

const MART = "mart.daily_sales";
const ORDERS = "staged.orders_db__orders";
const PATIENT = { timeout: 180_000 };
/** A step waits for as long as the one before it works. */
const OFTEN = { ...PATIENT, intervals: [250] };

/** Within this the worker takes what is asked about a run that stands; longer, and it gives the run up. */
const STANDS_MILLIS = 15_000;

/** A run of what is made from orders, which come all the time; when it found nothing to do after all, another one. */
async function startRunThatStands(page: Page, metadata: MetadataDatabase): Promise<string> {
  const ask = () => askFor(page, "runDataset", { kind: "run-dataset", target: ORDERS, downstream: true });
  let command = await ask();
  let runId = "";
  const stands = async (): Promise<string> => {
    runId = (await metadata.holdRunOf(command)) ?? "";
    if (runId === "" && (await metadata.isOver(command))) command = await ask();
    return runId;
  };
  await expect.poll(stands, OFTEN).not.toBe("");
  return runId;
}

/** Has a run stand and does something to it; when that took too long, as on a slow machine, the same with another run. */
async function whileItStands(
  page: Page,
  metadata: MetadataDatabase,
  act: (runId: string) => Promise<void>,
): Promise<string> {
  let runId = "";
  await expect(async () => {
    runId = await startRunThatStands(page, metadata);
    await act(runId);
    await expect.poll(() => metadata.isTaken(runId), { timeout: STANDS_MILLIS }).toBe(true);
  }).toPass({ timeout: 300_000 });
  return runId;
}

test.describe("A data engineer steers runs", () => {
  test("cancels a run: what waited ends and nothing of it is published", async ({ enter, platform }) => {
    const page = await enter("data engineer");
    const metadata = await openMetadataDatabase(platform.metadataDbUrl);
    try {
      await whileItStands(page, metadata, async (runId) => {
        await page.goto(`/runs/${runId}`);
        await page.getByRole("button", { name: "Cancel run" }).click({ timeout: STANDS_MILLIS });
        const dialog = page.getByRole("dialog", { name: "Cancel this run?" });
        await expect(dialog).toContainText(`npm run nova -- cancel ${runId}`);
        await expect(dialog).toContainText("idempotency key");
        await dialog.getByRole("button", { name: "Cancel the run" }).click({ timeout: STANDS_MILLIS });
      });
    } finally {
      await metadata.close();
    }
    await expect(page.getByText(/^Cancelled \d+ steps?; nothing of them is published/)).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Cancelled", PATIENT);
    await expect(
      page
        .getByRole("main")
        .getByText(/^Cancelled by .+@/)
        .first(),
    ).toBeVisible();

    await page.getByRole("button", { name: "Retry…" }).click();
    const retry = page.getByRole("dialog", { name: "Retry this run" });
    await expect(retry.getByRole("radio", { name: /What failed or was cancelled/ })).toBeChecked();
    await retry.getByRole("button", { name: "Retry", exact: true }).click();
    await page
      .getByRole("main")
      .getByText(/^Retried by/)
      .getByRole("link")
      .click();
    await expect(page.getByRole("main").getByText(/^Retry of/)).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Succeeded", PATIENT);
  });

  test("fixes what made a step fail, re-runs from it, and marks the failed step as done by hand", async ({
    enter,
    platform,
  }) => {
    const page = await enter("data engineer");
    const orders = await openOrderDatabase(platform.ordersDbUrl);
    const metadata = await openMetadataDatabase(platform.metadataDbUrl);
    let runId = "";
    try {
      const before = await metadata.now();
      try {
        await orders.placeWithoutDiscountOn([60]);
        await refreshUntil(page, metadata, { dataset: MART, state: "failed", after: before });
        const failed = async () => (runId = (await metadata.failedRunOf(MART, before)) ?? "");
        await expect.poll(failed, PATIENT).not.toBe("");
      } finally {
        await orders.mendDiscounts();
      }
      await refreshUntil(page, metadata, { dataset: MART, state: "succeeded", after: await metadata.now() });
    } finally {
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
      .getByRole("main")
      .getByText(/^Retried by/)
      .first()
      .getByRole("link")
      .click();
    await expect(page.getByRole("main").getByText(/^Retry of/)).toBeVisible();
    await expect(
      page
        .getByRole("main")
        .getByText(/^Asked by .+@/)
        .first(),
    ).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Succeeded", PATIENT);
    const steps = page.getByRole("region", { name: "Steps" });
    await expect(steps).toContainText(MART);

    await page.goto(`/runs/${runId}?step=${MART}`);
    await page.getByRole("button", { name: "Mark by hand…" }).click();
    const mark = page.getByRole("dialog", { name: "Mark steps by hand" });
    await mark.getByRole("checkbox", { name: MART }).check();
    await mark.getByRole("textbox", { name: "Reason" }).fill("another run did it");
    await expect(mark).toContainText(`npm run nova -- runs mark ${runId} done --step ${MART}`);
    await mark.getByRole("button", { name: "Mark as done" }).click();
    await expect(steps).toContainText("Done by hand", PATIENT);
    await expect(page.getByRole("region", { name: `Step ${MART}` })).toContainText(
      /Marked as done by .+@.+: another run did it/,
    );
  });

  test("cancels several runs at once from the list, and retries them with the keyboard alone", async ({
    enter,
    platform,
  }) => {
    const page = await enter("data engineer");
    const metadata = await openMetadataDatabase(platform.metadataDbUrl);
    let runId = "";
    try {
      runId = await whileItStands(page, metadata, async (standing) => {
        // Only what this person asked for: the platform's own runs, and those of other journeys, go on.
        await page.goto(`/runs?state=running&dataset=${ORDERS}&by=dev@novaretail.example`);
        const own = page.getByRole("checkbox", { name: `Select run ${shortId(standing)} of` });
        await own.waitFor({ timeout: STANDS_MILLIS });
        await page.getByRole("checkbox", { name: "Select all runs shown" }).check();
        const selected = page.getByRole("toolbar", { name: "Selected runs" });
        await expect(selected.getByRole("status")).toContainText(/^[1-9]\d* runs? selected$/);
        await selected.getByRole("button", { name: /^Cancel [1-9]/ }).click({ timeout: STANDS_MILLIS });
        const dialog = page.getByRole("dialog", { name: /^Cancel \d+ runs?\?$/ });
        await expect(dialog).toContainText(`npm run nova -- cancel ${standing}`);
        await dialog.getByRole("button", { name: /^Cancel \d+ runs?$/ }).click({ timeout: STANDS_MILLIS });
      });
    } finally {
      await metadata.close();
    }
    const outcomes = page.getByRole("dialog").getByRole("list", { name: "Runs" });
    const cancelled = outcomes.getByRole("listitem").filter({ hasText: shortId(runId) });
    await expect(cancelled).toContainText("nothing of them is published", PATIENT);
    await page.keyboard.press("Escape");

    await page.goto(`/runs?state=cancelled&dataset=${ORDERS}&by=dev@novaretail.example`);
    const newest = page.getByRole("table", { name: "Runs" }).locator("tbody").getByRole("row").first();
    await expect(newest.getByRole("checkbox", { name: `Select run ${shortId(runId)} of` })).toBeVisible();
    await expect(page.getByRole("button", { name: /^Live/ })).toBeVisible();
    await page.keyboard.press("j");
    await expect(newest).toBeFocused();
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
    await expect(page.getByRole("main").getByText("Pipeline sales is paused")).toBeVisible(PATIENT);
    await expect(why(page)).toContainText("Pipeline sales was paused by");
    await page.goto("/");
    await expect(page.getByRole("main").getByText("Pipeline sales is paused")).toBeVisible();
    await page.goto("/runs");
    await expect(page.getByRole("main").getByText("Pipeline sales is paused")).toBeVisible();
    await page.getByRole("button", { name: "Resume sales" }).click();
    await page.getByRole("dialog", { name: "Resume sales?" }).getByRole("button", { name: "Resume" }).click();
    await expect(page.getByRole("main").getByText("Pipeline sales is paused")).toBeHidden(PATIENT);
  });
});

test("An analyst sees why a dataset stands still, and has no button to steer it", async ({ enter }) => {
  const page = await enter("analyst");
  await page.goto("/catalog/curated.orders");
  await expect(why(page)).toBeVisible();
  await expect(page.getByRole("button", { name: "Roll back…" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Run now…" })).toHaveCount(0);
});

/** As the screens write a run's id. */
function shortId(runId: string): string {
  return `${runId.slice(0, 8)}…${runId.slice(-4)}`;
}

function why(page: Page) {
  return page.getByRole("region", { name: "Why is it not running?" });
}
