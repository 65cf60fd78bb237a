import { existsSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from "@playwright/test";
import { environmentWith, readEnv, searchPath } from "../env.ts";
import { findBrowser } from "../fixtures/browser.ts";
import { readPlatform } from "../fixtures/running-platform.ts";
import { type Screen, SCREENS } from "../fixtures/screens.ts";
import { SignInPage } from "../pages/sign-in-page.ts";

// npm run screenshots -- [--run-json .nova/run.json] [--only <part of a name>]: a picture of every screen of a running
// platform, light and dark on a wide screen and one on a phone, into docs/screens/.
const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "docs/screens");
const MOST_KILOBYTES = 250;
const VIEWS = [
  { suffix: "light", colorScheme: "light", viewport: { width: 1440, height: 900 } },
  { suffix: "dark", colorScheme: "dark", viewport: { width: 1440, height: 900 } },
  { suffix: "narrow", colorScheme: "light", viewport: { width: 390, height: 844 } },
] as const;

const { values } = parseArgs({
  options: { "run-json": { type: "string", default: join(ROOT, ".nova/run.json") }, only: { type: "string" } },
});
const runJson = resolve(values["run-json"]);
if (!existsSync(runJson))
  throw new Error(`${runJson} is not there: start the platform with npm start, or name its run.json`);
const { portalUrl } = readPlatform(runJson);

const signIn: Screen = { name: "sign in", open: (page) => new SignInPage(page).open() };
const wanted = [signIn, ...SCREENS].filter(({ name }) => name.includes(values.only ?? ""));
mkdirSync(FOLDER, { recursive: true });
const { executablePath, args, env } = await findBrowser(readEnv().NOVA_E2E_BROWSER, searchPath());
const browser = await chromium.launch({ executablePath, args, env: environmentWith(env) });
try {
  const session = await signInAs("Dev Okafor");
  for (const { suffix, ...view } of VIEWS) {
    for (const screen of wanted) {
      const context = await openContext(screen === signIn ? view : { ...view, storageState: session });
      await take(await context.newPage(), screen, `${screen.name.replaceAll(" ", "-")}-${suffix}.png`);
      await context.close();
    }
  }
} finally {
  await browser.close();
}

function openContext(options: BrowserContextOptions): Promise<BrowserContext> {
  return browser.newContext({ baseURL: portalUrl, locale: "en-GB", ...options });
}

async function signInAs(name: string) {
  const context = await openContext({});
  await new SignInPage(await context.newPage()).enterAs(name);
  const session = await context.storageState();
  await context.close();
  return session;
}

async function take(page: Page, screen: Screen, file: string): Promise<void> {
  page.setDefaultTimeout(60_000);
  await screen.open(page);
  // Charts draw themselves in; a picture taken meanwhile would show half of them.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every((each) => each.playState !== "running" || each.effect?.getTiming().iterations === Infinity),
  );
  const path = join(FOLDER, file);
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  const kilobytes = Math.ceil(statSync(path).size / 1024);
  process.stdout.write(`${file.padEnd(36)} ${kilobytes} KB\n`);
  if (kilobytes > MOST_KILOBYTES) throw new Error(`${file} is larger than ${MOST_KILOBYTES} KB`);
}
