/**
 * Tests of the npm package as others get it: packed, installed into miniature projects, built by
 * their bundlers, served under a strict content security policy, and run in a browser.
 */
import { defineConfig } from "@playwright/test";
import { executablePath, withoutWebGpu } from "../browser/support/chromium.js";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  // Here, what is left of a run is ignored by git, prettier and eslint alike.
  outputDir: "test-results/playwright",
  globalSetup: "./support/pack.ts",
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 3 * 60_000,
  expect: { timeout: 90_000 },
  reporter: "list",
  use: {
    browserName: "chromium",
    launchOptions: { executablePath, args: withoutWebGpu },
  },
});
