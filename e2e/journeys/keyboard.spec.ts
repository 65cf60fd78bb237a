import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/journey.ts";

test.describe("With the keyboard alone", () => {
  test("a dataset is found by any part of its name", async ({ enter }) => {
    const page = await enter("analyst");
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
    await openPalette(page);
    await page.keyboard.type(id.slice(-12));
    await expect(page.getByRole("group", { name: "Runs" }).getByRole("option")).toHaveCount(1);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(new RegExp(id));
  });

  test("g and a letter go places, single keys are off while typing", async ({ enter }) => {
    const page = await enter("analyst");
    for (const [key, place] of [
      ["c", "Catalog"],
      ["s", "Sources"],
      ["r", "Runs"],
      ["q", "Query"],
      ["h", "Home"],
    ] as const) {
      // The editor takes the focus on Query; Escape and a click beside it give it back.
      await page.getByRole("banner").click({ position: { x: 700, y: 10 } });
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await expect(page.getByRole("heading", { name: place, level: 1 })).toBeVisible();
    }
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.keyboard.press("/");
    const filter = page.getByRole("searchbox", { name: "Search names, columns, descriptions" });
    await expect(filter).toBeFocused();
    await page.keyboard.type("gs?");
    await expect(filter).toHaveValue("gs?");
    await expect(page.getByRole("dialog")).toBeHidden();
  });

  test("? shows every shortcut and Escape closes the sheet", async ({ enter }) => {
    const page = await enter("analyst");
    await page.keyboard.press("?");
    const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await expect(sheet.getByRole("region", { name: "Go to" })).toContainText("Catalog");
    await page.keyboard.press("Escape");
    await expect(sheet).toBeHidden();
  });

  test("j and k move through a list and Enter opens the row", async ({ enter }) => {
    const page = await enter("analyst");
    await page.goto("/catalog");
    const rows = page.getByRole("table", { name: "Datasets" }).locator("tbody").getByRole("row");
    await expect(rows.first()).toBeVisible();
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

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press("ControlOrMeta+k");
  await expect(page.getByRole("dialog", { name: "Search and commands" })).toBeVisible();
}

function option(page: Page, name: string) {
  return page.getByRole("option", { name }).first();
}
