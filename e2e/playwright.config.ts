import { defineConfig } from "@playwright/test";
import { environmentWith, readEnv, searchPath } from "./env.ts";
import { findBrowser } from "./fixtures/browser.ts";

const SECOND = 1000;
const browser = await findBrowser(readEnv().NOVA_E2E_BROWSER, searchPath());

/** What they do moves the datasets under everybody: one of them at a time. */
const CHANGING = ["backfill.spec.ts", "dialogs.spec.ts", "drift.spec.ts", "pipelines.spec.ts", "steering.spec.ts"];
/** Follows orders of its own through the lake, whatever is done to the datasets beside it. */
const WAITING = "live.spec.ts";

// Patient with slow machines, never with flaky tests: two cores carry the platform, its demo sources and the browser.
// What changes datasets, and what waits for the shop's orders, mostly waits for the lake; meanwhile another worker reads pages.
export default defineConfig({
  testDir: "journeys",
  globalSetup: "./fixtures/global-setup.ts",
  outputDir: "test-results",
  workers: 3,
  retries: 0,
  forbidOnly: true,
  timeout: 240 * SECOND,
  expect: { timeout: 60 * SECOND },
  use: {
    browserName: "chromium",
    launchOptions: {
      executablePath: browser.executablePath,
      args: browser.args,
      env: environmentWith(browser.env),
    },
    actionTimeout: 60 * SECOND,
    navigationTimeout: 60 * SECOND,
    locale: "en-GB",
    screenshot: "only-on-failure",
    // Recording every page costs as much as the pages; `--trace retain-on-failure` when a failure needs it.
    trace: "off",
  },
  projects: [
    { name: "first load", testMatch: "first-load.spec.ts", timeout: 10 * 60 * SECOND },
    { name: "changing", testMatch: CHANGING, timeout: 15 * 60 * SECOND, workers: 1, dependencies: ["first load"] },
    { name: "waiting", testMatch: WAITING, workers: 1, dependencies: ["first load"] },
    {
      name: "reading",
      testIgnore: ["first-load.spec.ts", WAITING, ...CHANGING],
      fullyParallel: true,
      dependencies: ["first load"],
    },
  ],
});
