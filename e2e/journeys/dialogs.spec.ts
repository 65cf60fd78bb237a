import type { Locator } from "@playwright/test";
import { askFor } from "../fixtures/call-portal.ts";
import { expect, test } from "../fixtures/journey.ts";
import { openMetadataDatabase } from "../fixtures/metadata-database.ts";
import { openOrderDatabase } from "../fixtures/order-database.ts";
import { QueryPage } from "../pages/query-page.ts";

const PATIENT = { timeout: 180_000 };
const MATCHED = "mart.payment_reconciliation";
const LANGUAGES = "staged.orders_db__languages";
/** Nobody else asks for it. */
const ASKED = "curated.products";

test("A platform engineer gives a pool more places, goes back to what the code says, and takes that back", async ({
  enter,
}) => {
  const page = await enter("platform engineer");
  const reset = () => askFor(page, "resetPool", { kind: "reset-pool", target: "heavy", reason: "the journey is over" });
  await page.goto("/pipelines");
  const pool = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: /^heavy/ }) });
  await expect(pool).toContainText(/of 1 place taken/, PATIENT);
  try {
    await pool.getByRole("button", { name: "Change places…" }).click();
    const change = page.getByRole("dialog", { name: "Places of heavy", exact: true });
    await change.getByRole("spinbutton", { name: "Steps at once" }).fill("3");
    await change.getByRole("textbox", { name: "Reason" }).fill("a night of backfills");
    await expect(change).toContainText("npm run nova -- pools set heavy 3 --reason 'a night of backfills'");
    await change.getByRole("button", { name: "Change", exact: true }).click();
    await expect(pool).toContainText(/of 3 places taken/, PATIENT);
    await expect(pool).toContainText(/Changed from 1 by .+@.+: a night of backfills/);

    await pool.getByRole("button", { name: "Back to 1…" }).click();
    const back = page.getByRole("dialog", { name: "Places of heavy as the code says" });
    await back.getByRole("textbox", { name: "Reason" }).fill("the night is over");
    await back.getByRole("button", { name: "Back to 1", exact: true }).click();
    // Taken back straight from the toast, which does not stay for long.
    const toasts = page.getByRole("region", { name: /^Notifications/ }).getByRole("listitem");
    const done = toasts.filter({ hasText: "heavy has 1 place now, as the code says" });
    await done.getByRole("button", { name: "Undo" }).click(PATIENT);
    await expect(page.getByText(/^Undone: /)).toBeVisible(PATIENT);
    await expect(pool).toContainText(/of 3 places taken/, PATIENT);
    await expect(pool).toContainText("a night of backfills");
  } finally {
    await reset();
  }
  await expect(pool).toContainText(/of 1 place taken/, PATIENT);
});

test("A data engineer does a day again by another tolerance, and the days say that they stand by it", async ({
  enter,
}) => {
  const page = await enter("data engineer");
  const day = new Date(Date.now() - 40 * 86_400_000).toISOString().slice(0, 10);
  await page.goto(`/catalog/${MATCHED}?tab=partitions`);
  await backfill(page.getByRole("button", { name: "Backfill…", exact: true }).first(), day, "0.25");
  await expect(page.getByRole("region", { name: "Plan", exact: true })).toContainText("tolerance = 0.25");

  await page.goto(`/catalog/${MATCHED}?tab=partitions`);
  const others = page.getByRole("list", { name: "Days by other parameters" }).getByRole("listitem");
  const marked = others.filter({ hasText: day });
  await expect(marked).toContainText("tolerance = 0.25", PATIENT);
  await marked.getByRole("button", { name: "Compute by the defaults…" }).click();
  await launch(page.getByRole("dialog", { name: `Backfill ${MATCHED}` }));
  await page.goto(`/catalog/${MATCHED}?tab=partitions`);
  await expect(page.getByRole("region", { name: "Days" })).toBeVisible();
  await expect(marked).toHaveCount(0, PATIENT);
});

test("A data engineer sees what a run changed in the data, row by row", async ({ enter, platform }) => {
  const page = await enter("data engineer");
  const shop = await openOrderDatabase(platform.ordersDbUrl);
  const metadata = await openMetadataDatabase(platform.metadataDbUrl);
  let runId = "";
  try {
    await expect.poll(() => metadata.lastStepOf(LANGUAGES, new Date(0)), PATIENT).not.toBe("");
    const before = await metadata.now();
    await shop.renameLanguage("de", `Deutsch ${before.getTime()}`);
    // Its own turn comes once a minute or so; a run that is asked for begins at once, and finds nothing before the change is read.
    const ask = () => askFor(page, "runDataset", { kind: "run-dataset", target: LANGUAGES, downstream: false });
    let command = await ask();
    const wrote = async (): Promise<string> => {
      runId = (await metadata.runThatWrote(LANGUAGES, before)) ?? "";
      if (runId === "" && (await metadata.isOver(command))) command = await ask();
      return runId;
    };
    await expect.poll(wrote, PATIENT).not.toBe("");
  } finally {
    await shop.close();
    await metadata.close();
  }
  await page.goto(`/runs/${runId}?view=compare`);
  const compared = page.getByRole("table", { name: "Compared with the last good run" }).getByRole("row");
  await compared.filter({ hasText: LANGUAGES }).getByRole("button", { name: "Compare data" }).click(PATIENT);
  const data = page.getByRole("region", { name: `Data of ${LANGUAGES}` });
  await data.getByRole("radio", { name: "Before this run" }).click();
  await expect(data).toContainText("(as many)");
  await data.getByRole("button", { name: "Compare the rows" }).click();
  await expect(data).toContainText(/1 of \d+ rows in both differ\./, PATIENT);
  await expect(data.getByRole("table", { name: "Columns compared" }).getByRole("row").nth(1)).toContainText(/^name/);
});

test("A data owner sees on Cost what a query has just cost", async ({ enter }) => {
  const page = await enter("data owner");
  const charged = page.getByRole("table", { name: "Cost" }).getByRole("row").filter({ hasText: ASKED });
  /** Queries of it that were charged so far. */
  const queries = async (): Promise<number> => {
    await page.goto(`/cost?kind=query&dataset=${ASKED}`);
    await expect(charged.or(page.getByRole("main").getByText("Nothing of that was scanned"))).toBeVisible();
    return (await charged.isVisible()) ? Number(await charged.getByRole("cell").nth(3).innerText()) : 0;
  };
  const before = await queries();
  const query = new QueryPage(page);
  await query.open();
  await query.ask(`SELECT count(*) AS articles FROM ${ASKED}`);
  await expect(query.column("articles")).toBeVisible();
  await expect.poll(queries, PATIENT).toBe(before + 1);
  await expect(charged.getByRole("cell").nth(1)).toContainText(/\$\d/);
});

/** Opens the dialog and launches one day by this tolerance; the page is the backfill's, and it is done. */
async function backfill(button: Locator, day: string, tolerance: string): Promise<void> {
  await button.click(PATIENT);
  const dialog = button.page().getByRole("dialog", { name: `Backfill ${MATCHED}` });
  await dialog.getByLabel("From", { exact: true }).fill(day);
  await dialog.getByLabel("To", { exact: true }).fill(day);
  await dialog.getByRole("radio", { name: "All", exact: true }).click();
  await dialog.getByRole("textbox", { name: /^tolerance/ }).fill(tolerance);
  await expect(dialog.getByRole("region", { name: "What the plan does" })).toContainText(
    `tolerance = ${tolerance}, in place of the defaults`,
    PATIENT,
  );
  await launch(dialog);
}

async function launch(dialog: Locator): Promise<void> {
  const page = dialog.page();
  await dialog.getByRole("button", { name: "Launch 1 run" }).click(PATIENT);
  await page.getByRole("link", { name: "View backfill" }).click(PATIENT);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Done", PATIENT);
}
