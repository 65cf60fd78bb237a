import { expect, test } from "../fixtures/journey.ts";
import { openOrderDatabase } from "../fixtures/order-database.ts";
import { QueryPage } from "../pages/query-page.ts";

const PATIENT = { timeout: 180_000 };
const DATASET = "staged.orders_db__brands";

test("A column is renamed in the order database: its dataset waits, an engineer maps it, and the dataset goes on", async ({
  enter,
  platform,
}) => {
  test.setTimeout(10 * 60_000);
  const page = await enter("data engineer");
  const shop = await openOrderDatabase(platform.ordersDbUrl);
  const brand = `Drift ${Date.now()}`;
  try {
    await shop.renameBrandName("label");
    await shop.addBrand("label", brand);

    await page.goto("/drift");
    const entry = page.getByRole("listitem", { name: /^public\.brands: column name is gone/ });
    await expect(entry).toContainText("Loading waits", PATIENT);
    await expect(entry).toContainText(DATASET);
    await expect(page.getByRole("link", { name: /^Drift/ }).first()).toContainText("open");

    await page.goto(`/catalog/${DATASET}`);
    await expect(page.getByRole("alert").filter({ hasText: "column name is gone" })).toContainText(
      "Loading of the dataset waits",
    );
    await page.getByRole("link", { name: "Open the drift inbox" }).click();

    await entry.getByRole("button", { name: "Map…" }).click();
    const dialog = page.getByRole("dialog", { name: "Map: public.brands" });
    await expect(dialog).toContainText("label continues name");
    await expect(dialog).toContainText("Loading goes on exactly where it stopped.");
    await expect(dialog).toContainText(/npm run nova -- drift map [0-9a-f-]+ label/);
    await dialog.getByRole("button", { name: "Map", exact: true }).click();
    await expect(entry).toBeHidden(PATIENT);
  } finally {
    await shop.close();
  }

  const query = new QueryPage(page);
  await query.open();
  await expect(async () => {
    await query.ask(`SELECT name, _op FROM ${DATASET} WHERE name = '${brand}'`);
    await expect(query.result.getByText(brand)).toBeVisible({ timeout: 5_000 });
  }).toPass(PATIENT);

  await page.goto("/drift?settled=true");
  await expect(page.getByRole("listitem", { name: /^public\.brands: column name is gone/ }).first()).toContainText(
    "Mapped",
  );
});

test("An analyst sees what drifted and has no button to settle it", async ({ enter }) => {
  const page = await enter("analyst");
  await page.goto("/drift?settled=true");
  await expect(page.getByRole("heading", { name: "Schema drift", level: 1 })).toBeVisible();
  await expect(page.getByRole("button", { name: /^(Accept|Ignore|Map)/ })).toHaveCount(0);
});
