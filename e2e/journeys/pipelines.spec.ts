import { expect, test } from "../fixtures/journey.ts";

const PATIENT = { timeout: 180_000 };

test("A data engineer walks the graph of pipelines from a group to a dataset, with the keyboard too", async ({
  enter,
}) => {
  const page = await enter("data engineer");
  await page.goto("/");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Pipelines" }).click();
  const graph = page.getByRole("group", { name: "Pipelines" });
  const sales = graph.getByRole("button", { name: /^sales/ });
  await expect(sales).toHaveAttribute("aria-expanded", "false", PATIENT);
  await expect(sales).toContainText("3 datasets");

  await sales.click();
  await expect(sales).toHaveAttribute("aria-expanded", "true");
  await expect(page).toHaveURL(/open=sales/);
  const orders = graph.getByRole("button", { name: /^curated\.orders / });
  await orders.click();
  const drawer = page.getByRole("complementary", { name: "Selected: curated.orders" });
  await expect(drawer.getByRole("region", { name: "Why is it not running?" })).toContainText(/\w/, PATIENT);
  await expect(drawer.getByRole("link", { name: "Succeeded" })).toHaveAttribute("href", /^\/runs\//, PATIENT);

  await page.reload();
  await expect(drawer).toBeVisible(PATIENT);
  await orders.focus();
  const focused = graph.locator("button:focus");
  const name = await orders.getAttribute("data-canvas-node");
  await expect
    .poll(async () => {
      for (const key of ["ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"]) {
        await page.keyboard.press(key);
        const at = await focused.getAttribute("data-canvas-node");
        if (at !== null && at !== name) return true;
      }
      return false;
    })
    .toBe(true);
  await orders.dblclick();
  await expect(page).toHaveURL(/\/catalog\/curated\.orders$/);
  await page.goBack();
  await orders.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/catalog\/curated\.orders$/);
});

test("The graph is found as a table too, and a search that finds nothing says so", async ({ enter }) => {
  const page = await enter("analyst");
  await page.goto("/pipelines?view=table");
  const table = page.getByRole("table", { name: "Pipelines as a table" });
  await expect(table.locator("tbody").getByRole("row").first()).toBeVisible(PATIENT);
  await page.getByRole("searchbox", { name: "Find datasets" }).fill("daily_sales");
  await expect(table.locator("tbody").getByRole("row")).toHaveCount(1);
  await expect(table.getByRole("link", { name: "mart.daily_sales", exact: true })).toBeVisible();
  await page.getByRole("searchbox", { name: "Find datasets" }).fill("nothing is called so");
  await expect(page.getByRole("main").getByText("No dataset matches")).toBeVisible();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await expect(table).toBeVisible();
});

test("A data engineer pauses a schedule and resumes it; an analyst sees it and why they cannot", async ({ enter }) => {
  const page = await enter("data engineer");
  await page.goto("/schedules");
  const row = page.getByRole("row").filter({ hasText: "mart.payment_reconciliation" });
  await expect(row).toContainText("15 6-20 * * *", PATIENT);
  await expect(row).toContainText("Europe/Berlin");
  await row.getByRole("button", { name: "Pause…" }).click();
  const pause = page.getByRole("dialog", { name: "Pause the schedule of mart.payment_reconciliation?" });
  await expect(pause).toContainText("npm run nova -- schedules pause mart.payment_reconciliation");
  await pause.getByRole("button", { name: "Pause", exact: true }).click();
  // Taken back straight from the toast, then done again.
  await page.getByRole("button", { name: "Undo" }).click(PATIENT);
  await expect(page.getByText(/^Undone: /)).toBeVisible(PATIENT);
  await expect(row).toContainText("Active", PATIENT);
  await row.getByRole("button", { name: "Pause…" }).click();
  await pause.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(row).toContainText("Paused", PATIENT);

  const analyst = await enter("analyst");
  await analyst.goto("/schedules");
  const theirs = analyst.getByRole("row").filter({ hasText: "mart.payment_reconciliation" });
  await expect(theirs).toContainText("Paused", PATIENT);
  await expect(theirs.getByRole("button", { name: "Resume…" })).toHaveAttribute("aria-disabled", "true");

  await row.getByRole("button", { name: "Resume…" }).click();
  await page
    .getByRole("dialog", { name: "Resume the schedule of mart.payment_reconciliation?" })
    .getByRole("button", { name: "Resume", exact: true })
    .click();
  await expect(row).toContainText("Active", PATIENT);
});

test("Runs are narrowed by tab and by who launched them, and a run stands beside the last good one", async ({
  enter,
}) => {
  const page = await enter("data engineer");
  await page.goto("/runs");
  for (const tab of ["In progress", "Queued", "Failed", "Succeeded", "Scheduled", "Backfills"])
    await expect(page.getByRole("tab", { name: new RegExp(`^${tab}`) })).toContainText(/\d/, PATIENT);
  await page.getByRole("tab", { name: /^Succeeded/ }).click();
  await page.getByRole("combobox", { name: "Launched by" }).click();
  await page.getByRole("option", { name: "The platform itself" }).click();
  await expect(page).toHaveURL(/by=platform/);

  await page.goto("/runs?state=succeeded&dataset=curated.orders&by=platform");
  await page.getByRole("table", { name: "Runs" }).getByRole("link").first().click(PATIENT);
  await page.getByRole("radio", { name: "Compare" }).click();
  const comparison = page.getByRole("table", { name: "Compared with the last good run" });
  const orders = comparison.getByRole("row").filter({ hasText: "curated.orders" });
  await expect(orders).toContainText(/was \d/, PATIENT);
  await orders.getByRole("link", { name: /…/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Succeeded", PATIENT);
});
