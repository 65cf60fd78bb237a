import { expect, type Persona, test } from "../fixtures/journey.ts";
import { DatasetPage } from "../pages/dataset-page.ts";
import { QueryPage } from "../pages/query-page.ts";

const ADDRESS = /@/;

for (const persona of ["privacy officer", "data owner"] as const satisfies readonly Persona[]) {
  test(`A ${persona} with a grant reads customers in the clear`, async ({ enter }) => {
    const page = await enter(persona);
    const customers = new DatasetPage(page, "curated.customers");
    await customers.open();
    const sample = await customers.choose("Sample");
    const rows = sample.getByRole("table", { name: "Rows of curated.customers" });
    await expect(rows.getByRole("cell", { name: ADDRESS }).first()).toBeVisible();
    await expect(sample.getByText(/masked because/)).toBeHidden();
  });
}

test("A grant on customers opens no other dataset", async ({ enter }) => {
  const query = new QueryPage(await enter("data owner"));
  await query.open();
  await query.ask("SELECT email FROM curated.customers WHERE email IS NOT NULL LIMIT 3");
  await expect(query.result.getByRole("gridcell", { name: ADDRESS })).toHaveCount(3);
  await query.ask("SELECT email FROM staged.orders_db__customers WHERE email IS NOT NULL LIMIT 3");
  await expect(query.result.getByRole("gridcell", { name: /^•••/ })).toHaveCount(3);
});

test("A platform engineer reads the log of a run and what is in quarantine", async ({ enter }) => {
  const page = await enter("platform engineer");
  await page.goto("/runs?state=succeeded");
  await page.getByRole("table", { name: "Runs" }).getByRole("link").first().click();
  await expect(page.getByRole("list", { name: "Log" }).getByRole("listitem").first()).toBeVisible();
  await page.goto("/sources/app_logs");
  await expect(page.getByRole("region", { name: "Quarantine" }).getByRole("listitem").first()).toBeVisible();
});

test("A data owner is told that quarantine is for others", async ({ enter }) => {
  const page = await enter("data owner");
  await page.goto("/sources/app_logs");
  await expect(page.getByRole("region", { name: "Quarantine" })).toContainText(
    "Quarantine is for engineers and privacy officers",
  );
});

test("Nobody sees anything without signing in, and comes to what they asked for afterwards", async ({ arrive }) => {
  const page = await arrive();
  await page.goto("/catalog/curated.orders?tab=checks");
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByRole("button", { name: "Sign in as Ana Lima" }).click();
  await expect(page).toHaveURL(/\/catalog\/curated\.orders\?tab=checks/);
  await new DatasetPage(page, "curated.orders").isShown();
});
