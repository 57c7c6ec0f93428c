/** What suites that test the page have in common: a browser, and the project's own server. */
import type { PlaywrightTestConfig } from "@playwright/test";
import { executablePath, withWebGpu } from "./chromium.js";
import { root } from "./inputs.js";

/** `weights`: the folder that is served at /weights/. */
export function pageSuite(port: number, weights: string): PlaywrightTestConfig {
  return {
    forbidOnly: true,
    retries: 0,
    // The tests compute on all cores, and some of them measure.
    workers: 1,
    timeout: 3 * 60_000,
    expect: { timeout: 20_000 },
    reporter: "list",
    use: {
      baseURL: `http://localhost:${String(port)}/`,
      browserName: "chromium",
      launchOptions: { executablePath, args: withWebGpu },
    },
    webServer: {
      command: "node tools/serve.mjs",
      cwd: root,
      env: { PORT: String(port), HEADSTART_WEIGHTS: weights },
      port,
      reuseExistingServer: false,
      stdout: "ignore",
    },
  };
}
