import { expect, test } from "../fixtures/journey.ts";
import { CatalogPage } from "../pages/catalog-page.ts";
import { DatasetPage } from "../pages/dataset-page.ts";
import { QueryPage } from "../pages/query-page.ts";

const MASK = /^•••[0-9a-f]{10}$/;

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
    await expect(query.column("total")).toBeVisible();
    await expect(query.result.getByRole("gridcell", { name: /^NR-\d{8}$/ }).first()).toBeVisible();

    const lines = (await query.downloadCsv()).trimEnd().split("\r\n");
    expect(lines[0]).toMatch(/^order_id,order_number,/);
    expect(lines.length).toBe(101);
    expect(lines[1]).toMatch(/^\d+,NR-\d{8},/);
  });

  test("finds a dataset by one of its columns and is told so", async ({ enter }) => {
    const catalog = new CatalogPage(await enter("analyst"));
    await catalog.open();
    await catalog.search("refunded_am");
    await expect(catalog.row("curated.orders")).toContainText("matches column refunded_amount");
  });

  test("goes from the total of an order back to the column of the source it comes from", async ({ enter }) => {
    const page = await enter("analyst");
    const orders = new DatasetPage(page, "curated.orders");
    await orders.open();
    const columns = await orders.choose("Columns");
    await columns.getByRole("link", { name: /^Lineage of total:/ }).click();
    await expect(page).toHaveURL(/tab=lineage&column=total/);
    const lineage = page.getByRole("region", { name: "Lineage of total" });
    await expect(lineage.getByRole("group", { name: "Lineage of curated.orders.total" })).toContainText(
      "orders_db/public.orders",
    );

    await lineage.getByRole("radio", { name: "Table" }).click();
    const steps = lineage.getByRole("table", { name: "Column lineage as a table" });
    const step = (from: string, into: string) =>
      steps
        .getByRole("row")
        .filter({ has: page.getByRole("link", { name: from }) })
        .filter({ hasText: into });
    await expect(step("staged.orders_db__orders.total", "curated.orders.total").first()).toContainText("Identity");
    await expect(step("orders_db/public.orders.total", "staged.orders_db__orders.total").first()).toBeVisible();
    await steps.getByRole("link", { name: "orders_db/public.orders.total" }).first().click();
    await expect(page.getByRole("heading", { name: "Order database", level: 1 })).toBeVisible();
    await expect(page.getByRole("table", { name: "Streams" })).toContainText("public.orders");
  });

  test("sees personal columns masked in the sample of a dataset", async ({ enter }) => {
    const page = await enter("analyst");
    const customers = new DatasetPage(page, "curated.customers");
    await customers.open();
    const sample = await customers.choose("Sample");
    await expect(sample.getByText(/columns are masked because you hold no grant/)).toContainText("email");
    const rows = sample.getByRole("table", { name: "Rows of curated.customers" });
    await expect(rows.getByRole("row")).toHaveCount(21);
    await expect(rows).not.toContainText("@");
    await expect(rows.getByRole("cell", { name: MASK }).first()).toBeVisible();
  });

  test("sees personal columns masked in a query, also behind an expression", async ({ enter }) => {
    const page = await enter("analyst");
    const query = new QueryPage(page);
    await query.open();
    await query.ask("SELECT email, upper(email) AS shouted FROM curated.customers WHERE email IS NOT NULL LIMIT 5");
    await expect(query.result.getByRole("row")).toHaveCount(6);
    for (let row = 1; row <= 5; row += 1) {
      const cells = query.result.getByRole("row").nth(row).getByRole("gridcell");
      await expect(cells.nth(1)).toHaveText(MASK);
      await expect(cells.nth(2)).toHaveText(/^•••[0-9A-F]{10}$/);
    }
    await expect(query.result).not.toContainText("@");
    await expect(page.getByRole("main").getByText(/personal columns? masked for you/)).toBeVisible();
  });

  for (const { what, sql, reason } of [
    { what: "that drops a table", sql: "DROP TABLE curated.orders", reason: /only a single SELECT may run here/ },
    { what: "of two parts", sql: "SELECT 1; SELECT 2", reason: /there are 2 statements; send one SELECT at a time/ },
    {
      what: "that reads a file",
      sql: "SELECT * FROM read_csv('/etc/passwd')",
      reason: /the table function read_csv\(\) is not allowed/,
    },
    { what: "over a dataset that is not there", sql: "SELECT * FROM curated.order", reason: /curated\.order/ },
  ]) {
    test(`is told why a statement ${what} is refused`, async ({ enter }) => {
      const query = new QueryPage(await enter("analyst"));
      await query.open();
      await query.ask(sql);
      await expect(query.refusal).toContainText(reason);
      await expect(query.result).toBeHidden();
    });
  }

  test("is told who may read the log of a run", async ({ enter }) => {
    const page = await enter("analyst");
    await page.goto("/runs?state=succeeded");
    await page.getByRole("table", { name: "Runs" }).getByRole("link").first().click();
    const log = page.getByRole("region", { name: "Log", exact: true });
    await expect(log).toContainText("The log is not open to your role");
    await expect(log).toContainText("data engineer");
    await expect(page.getByRole("region", { name: "Steps" })).toBeVisible();
  });
});
