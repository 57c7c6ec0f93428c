import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { BackendChoice, ClassCount, FeatureSet, Views } from "headstart";
import { nameOf, requireInputs } from "./inputs.js";
import { test as base, expect } from "./page-errors.js";
import { Site } from "./site.js";

interface Fixtures {
  /** A blank page that has imported the package, as any page would. */
  packagePage: Page;
  /** Makes a folder of class folders with these photos. */
  makeFolder: (name: string, classes: Record<string, string[]>) => string;
}

interface WorkerFixtures {
  site: Site;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  site: [
    // Playwright reads the names of what a fixture needs from this pattern.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      requireInputs();
      const site = await Site.open();
      await use(site);
      await site.close();
    },
    { scope: "worker", auto: true },
  ],
  packagePage: async ({ page, site }, use) => {
    await page.goto(site.url);
    await expect(page.locator("html")).toHaveAttribute("data-ready", "true");
    await use(page);
  },
  // eslint-disable-next-line no-empty-pattern
  makeFolder: async ({}, use, testInfo) => {
    await use((name, classes) => {
      const folder = testInfo.outputPath(name);
      for (const [label, photos] of Object.entries(classes)) {
        mkdirSync(join(folder, label), { recursive: true });
        for (const photo of photos)
          cpSync(photo, join(folder, label, nameOf(photo)));
      }
      return folder;
    });
  },
});

export { expect };

/** The address of a photo on the tests' own site. */
export const urlOf = (photo: string): string => `/drawn/${nameOf(photo)}`;

export const urlsOf = (paths: string[]): string[] => paths.map(urlOf);

/** Makes the page's classifier. */
export function create(
  page: Page,
  backend: BackendChoice = "cpu",
  views: Views = "centre",
  features: FeatureSet = "all",
): Promise<void> {
  return page.evaluate(
    async ({ backend, views, features }) => {
      const { Classifier } = window.headstart;
      window.classifier = await Classifier.create({
        weights: "/weights",
        backend,
        views,
        features,
      });
    },
    { backend, views, features },
  );
}

/** Adds photos to the page's classifier; resolves to the counts by class. */
export function add(
  page: Page,
  label: string,
  photos: string[],
  split: "auto" | "train" | "test" = "auto",
): Promise<ClassCount[]> {
  return page.evaluate(
    async ({ label, urls, split }) => {
      const { added } = await window.classifier.add(await window.files(urls), {
        label,
        split,
      });
      if (added !== urls.length)
        throw new Error(`${added} of ${urls.length} were added`);
      return window.classifier.classes;
    },
    { label, urls: urlsOf(photos), split },
  );
}
