import { defineConfig } from "@playwright/test";
import { executablePath, withWebGpu } from "./browser/support/chromium.js";

const port = 4199;

export default defineConfig({
  testDir: "browser",
  forbidOnly: true,
  retries: 0,
  // The tests compute on all cores, and some of them measure.
  workers: 1,
  timeout: 3 * 60_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: {
    baseURL: `http://localhost:${port}/`,
    browserName: "chromium",
    launchOptions: { executablePath, args: withWebGpu },
  },
  webServer: {
    command: "node tools/serve.mjs",
    cwd: "..",
    env: { PORT: String(port) },
    port,
    reuseExistingServer: false,
    stdout: "ignore",
  },
});
