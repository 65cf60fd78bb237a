import { defineConfig } from "@playwright/test";
import { environmentWith, readEnv, searchPath } from "./env.ts";
import { findBrowser } from "./fixtures/browser.ts";

const SECOND = 1000;
const browser = await findBrowser(readEnv().NOVA_E2E_BROWSER, searchPath());

// Patient with slow machines, never with flaky tests: two cores carry the platform, its demo sources and the browser.
export default defineConfig({
  testDir: "journeys",
  globalSetup: "./fixtures/global-setup.ts",
  outputDir: "test-results",
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120 * SECOND,
  expect: { timeout: 30 * SECOND },
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: browser.executablePath,
      args: browser.args,
      env: environmentWith(browser.env),
    },
    actionTimeout: 30 * SECOND,
    navigationTimeout: 60 * SECOND,
    locale: "en-GB",
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
  projects: [
    { name: "first load", testMatch: "first-load.spec.ts", timeout: 10 * 60 * SECOND },
    { name: "journeys", testIgnore: "first-load.spec.ts", dependencies: ["first load"] },
  ],
});
