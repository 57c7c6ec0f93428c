/** Tests of the built page and package on drawn pictures and weights. */
import { defineConfig } from "@playwright/test";
import { drawn } from "./browser/support/inputs.js";
import { pageSuite } from "./browser/support/page-suite.js";

export default defineConfig(pageSuite(4199, drawn), { testDir: "browser" });
