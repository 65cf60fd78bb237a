import { expect, test } from "../fixtures/journey.ts";
import { CatalogPage } from "../pages/catalog-page.ts";
import { DatasetPage } from "../pages/dataset-page.ts";
import { QueryPage } from "../pages/query-page.ts";

test.describe("An analyst", () => {
  test("finds orders by the middle of its name, sees how fresh it is and queries it", async ({ enter }) => {
    const page = await enter("analyst");
    const catalog = new CatalogPage(page);
    await catalog.open();
    await catalog.search("ted.ord");
    await expect(page).toHaveURL(/[?&]q=ted\.ord/);
    await expect(catalog.row("curated.orders")).toContainText("data through");
    await catalog.openDataset("curated.orders");

    const orders = new DatasetPage(page, "curated.orders");
    await expect(orders.figure("Data through")).toHaveText(/ago|just now/);
    await page.getByRole("link", { name: "Open in Query" }).click();

    const query = new QueryPage(page);
    await query.isShown();
    await expect(query.editor).toContainText("FROM curated.orders");
    await query.run();
    await expect(query.result.getByRole("columnheader", { name: "total" })).toBeVisible();
    await expect(query.result.getByRole("gridcell", { name: /^NR-\d{8}$/ }).first()).toBeVisible();

    const lines = (await query.downloadCsv()).trimEnd().split("\r\n");
    expect(lines[0]).toMatch(/^order_id,order_number,/);
    expect(lines.length).toBe(101);
    expect(lines[1]).toMatch(/^\d+,NR-\d{8},/);
  });
});
