import { defineConfig } from "vitest/config";

/** The modules under test need no browser and no Svelte. */
export default defineConfig({ test: { include: ["tests/**/*.test.ts"] } });
