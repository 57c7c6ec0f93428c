import { test as base, expect, type Page } from "@playwright/test";
import { Site, type Handler } from "./site.js";

interface Fixtures {
  /** Serves a folder or a handler under the strict policy; a violation of it fails the test. */
  serve: (content: string | Handler) => Promise<Site>;
  /** Whatever the browser complains of: anything here at the end fails the test. */
  complaints: string[];
}

export const test = base.extend<Fixtures>({
  // Playwright reads the names of what a fixture needs from this pattern.
  // eslint-disable-next-line no-empty-pattern
  serve: async ({}, use) => {
    const sites: Site[] = [];
    await use(async (content) => {
      const site = await Site.open(content);
      sites.push(site);
      return site;
    });
    for (const site of sites) await site.close();
    expect(sites.flatMap(({ violations }) => violations)).toEqual([]);
  },
  complaints: [
    async ({ page }, use) => {
      const complaints = complaintsOf(page);
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      complaints.push(message.text());
  });
  page.on("requestfailed", (request) =>
    complaints.push(
      `${request.url()}: ${request.failure()?.errorText ?? "no reason"}`,
    ),
  );
  return complaints;
}

/** What every consumer arrives at: it learned checks and rings, and knows photos of both. */
export async function expectResult(page: Page): Promise<void> {
  const element = page.locator("#result");
  await expect(element).not.toHaveText("");
  const text = await element.innerText();
  expect(text, "the consumer failed").toMatch(/^\{/);
  const { loss, ...rest } = JSON.parse(text) as { loss: number };
  expect(rest).toEqual({
    backend: "cpu",
    classes: ["checks", "rings"],
    labels: ["checks", "rings"],
  });
  // A head that knows nothing of two classes has a loss of ln 2.
  expect(loss).toBeGreaterThan(0);
  expect(loss).toBeLessThan(Math.LN2 / 2);
}
