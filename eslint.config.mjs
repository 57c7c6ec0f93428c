import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import { defineConfig, globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  globalIgnores([
    "**/dist/",
    "target/",
    "pkg-config/build/",
    "docs/api/",
    "**/test-results/",
    "**/playwright-report/",
  ]),
  js.configs.recommended,
  ts.configs.recommended,
  svelte.configs.recommended,
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    // The type checker knows better which names exist.
    rules: { "no-undef": "off" },
  },
);
