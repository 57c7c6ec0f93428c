/** Tests of the built page with a real checkpoint and real photos, which are no part of the repository. */
import { defineConfig } from "@playwright/test";
import { pageSuite } from "../browser/support/page-suite.js";
import { weightsFolder } from "./browser/support/inputs.js";

export default defineConfig(pageSuite(4198, weightsFolder), {
  testDir: "browser",
  // Here, what is left of a run is ignored by git, prettier and eslint alike.
  outputDir: "test-results",
});
