/** The tests see what they watch for: violations of the policy in pages and workers, and complaints. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { Site } from "./support/site.js";
import { complaintsOf } from "./support/test.js";

const FILES = {
  "index.html":
    '<script>"inline"</script><script type="module" src="/main.js"></script>',
  "main.js":
    'new Worker("/worker.js").onmessage = () => (document.title = "done");',
  "worker.js":
    'console.error("from the worker"); fetch("data:,").catch(() => postMessage(""));',
};

test("watch: violations and complaints are seen, in the page and in its workers", async ({
  page,
}, testInfo) => {
  const folder = testInfo.outputPath("site");
  mkdirSync(folder);
  for (const [name, text] of Object.entries(FILES))
    writeFileSync(join(folder, name), text);
  const site = await Site.open(folder);
  const complaints = complaintsOf(page);
  try {
    await page.goto(site.url);
    await expect(page).toHaveTitle("done");
    await expect
      .poll(() => site.violations.map(directiveOf).sort())
      .toEqual(["connect-src", "script-src-elem"]);
  } finally {
    await site.close();
  }
  expect(complaints).toEqual([
    expect.stringContaining("script-src"),
    "from the worker",
  ]);
});

interface Report {
  "csp-report": { "effective-directive": string };
}

const directiveOf = (report: string): string =>
  (JSON.parse(report) as Report)["csp-report"]["effective-directive"];
