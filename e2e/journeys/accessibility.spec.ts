import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures/journey.ts";
import { DIALOGS, SCREENS } from "../fixtures/screens.ts";
import { SignInPage } from "../pages/sign-in-page.ts";

/** The rules that colours decide; a theme is nothing but colours, so that the others need no second look. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];
const PHONE = { width: 390, height: 844 };

test("sign-in: axe finds nothing in either theme, and a phone needs no sideways scroll", async ({ arrive }) => {
  const page = await arrive();
  await new SignInPage(page).open();
  await inspect(page);
});

for (const screen of [...SCREENS, ...DIALOGS]) {
  test(`${screen.name}: axe finds nothing in either theme, and a phone needs no sideways scroll`, async ({
    glance,
  }) => {
    const page = await glance("data engineer");
    await screen.open(page);
    await inspect(page);
  });
}

async function inspect(page: Page): Promise<void> {
  expect.soft(await violations(page), "light").toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(page.locator("html")).toHaveClass(/\bdark\b/);
  expect.soft(await violations(page, COLOUR_RULES), "dark").toEqual([]);
  await page.setViewportSize(PHONE);
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: "width of the page on a phone" })
    .toBeLessThanOrEqual(PHONE.width);
}

/** What axe objects to: the rule, and the elements by their place in the page. */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // In the page itself, without a second one that gathers what frames say: there are none.
  expect(page.frames(), "frames of the page").toHaveLength(1);
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({
    resultTypes: ["violations"],
    ...(rules === undefined ? {} : { runOnly: rules }),
  });
  const { violations: found } = await axe.analyze();
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help} at ${node.target.join(" ")} (${node.html.slice(0, 160)})`),
  );
}
