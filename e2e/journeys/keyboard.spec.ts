import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/journey.ts";

test.describe("With the keyboard alone", () => {
  test("a dataset is found by any part of its name", async ({ enter }) => {
    const page = await enter("analyst");
    await home(page);
    await openPalette(page);
    await page.keyboard.type("ted.order_l");
    await expect(option(page, "curated.order_lines")).toHaveAttribute("aria-selected", "true");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "curated.order_lines", level: 1 })).toBeVisible();
  });

  test("a run is found by a part of its id", async ({ enter }) => {
    const page = await enter("data engineer");
    await page.goto("/runs?state=succeeded");
    const href = await page.getByRole("table", { name: "Runs" }).getByRole("link").first().getAttribute("href");
    const id = href?.split("/").at(-1) ?? "";
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    await isAwake(page);
    await openPalette(page);
    await page.keyboard.type(id.slice(-12));
    const found = page.getByRole("group", { name: "Runs" }).getByRole("option");
    await expect(found).toHaveCount(1);
    await expect(found).toHaveAttribute("aria-selected", "true");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(id));
  });

  test("g and a letter go places, single keys are off while typing", async ({ enter }) => {
    const page = await enter("analyst");
    await home(page);
    for (const [key, place] of [
      ["c", "Catalog"],
      ["s", "Sources"],
      ["r", "Runs"],
      ["h", "Home"],
      ["q", "Query"],
    ] as const) {
      // On a slow machine more time may pass between the two keys than the page grants: then they are pressed again.
      await expect(async () => {
        await page.keyboard.press("g");
        await page.keyboard.press(key);
        await expect(page.getByRole("heading", { name: place, level: 1 })).toBeVisible({ timeout: 10_000 });
      }).toPass();
    }
    await page.goto("/catalog");
    await isAwake(page);
    await page.keyboard.press("/");
    const filter = page.getByRole("searchbox", { name: "Search names, columns, descriptions" });
    await expect(filter).toBeFocused();
    await page.keyboard.type("gs?");
    await expect(filter).toHaveValue("gs?");
    await expect(page.getByRole("dialog")).toBeHidden();
  });

  test("? shows every shortcut and Escape closes the sheet", async ({ enter }) => {
    const page = await enter("analyst");
    await home(page);
    await page.keyboard.press("?");
    const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await expect(sheet.getByRole("region", { name: "Go to" })).toContainText("Catalog");
    await expect(sheet.getByRole("region", { name: "In the list of runs" })).toContainText("Retry what is selected");
    await page.keyboard.press("Escape");
    await expect(sheet).toBeHidden();
  });

  test("j and k move through a list and Enter opens the row", async ({ enter }) => {
    const page = await enter("analyst");
    // Nobody queries these: what is queried more moves up.
    await page.goto("/catalog?layer=mart");
    const rows = page.getByRole("table", { name: "Datasets" }).locator("tbody").getByRole("row");
    await expect(rows.first()).toBeVisible();
    await isAwake(page);
    await page.keyboard.press("j");
    await expect(rows.nth(0)).toBeFocused();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await expect(rows.nth(1)).toBeFocused();
    const name = await rows.nth(1).getByRole("link").first().innerText();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  });
});

async function home(page: Page): Promise<void> {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Home", level: 1 })).toBeVisible();
  await isAwake(page);
}

/** Keys pressed before the page's scripts run are lost; the live mark comes on with them. */
async function isAwake(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: /^Live/ })).toBeVisible();
}

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press("ControlOrMeta+k");
  await expect(page.getByRole("dialog", { name: "Search and commands" })).toBeVisible();
}

function option(page: Page, name: string) {
  return page.getByRole("option", { name }).first();
}
