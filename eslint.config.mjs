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
  {
    // The type checker knows better which names exist.
    rules: { "no-undef": "off" },
  },
  {
    files: ["**/*.{ts,svelte}"],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      // A promise is awaited, handed on, or has a handler of its failure: `void` would hide that it has none.
      "@typescript-eslint/no-floating-promises": [
        "error",
        { ignoreVoid: false },
      ],
      // `() => call()` hands a call on, whatever it returns.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true },
      ],
      // A number reads in a message as it should; nothing else does by itself.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        {
          allowAny: false,
          allowBoolean: false,
          allowNever: false,
          allowNullish: false,
          allowNumber: true,
          allowRegExp: false,
        },
      ],
    },
  },
  // After the rules for TypeScript, whose parser would take the place of its own.
  svelte.configs.recommended,
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    files: ["**/tests/**/*.ts"],
    rules: {
      // Where something is missing, the test is to fail.
      "@typescript-eslint/no-non-null-assertion": "off",
      // Stand-ins for what is asynchronous in a browser need not wait.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    // In no TypeScript project. The consumers' is one only where the package is installed.
    files: [
      "pkg-config/vitest.config.ts",
      "pkg-config/weights-package/**",
      "tests/packaging/consumers/**",
    ],
    extends: [ts.configs.disableTypeChecked],
  },
);
