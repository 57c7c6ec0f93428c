import { test as base } from "../../../browser/support/page-errors.js";
import { requireReferences } from "./inputs.js";

interface WorkerFixtures {
  references: undefined;
}

/** A test that fails with a sentence where the reference data are missing. */
export const test = base.extend<object, WorkerFixtures>({
  references: [
    // Playwright reads the names of what a fixture needs from this pattern.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      requireReferences();
      await use(undefined);
    },
    { scope: "worker", auto: true },
  ],
});

export { expect } from "../../../browser/support/page-errors.js";
