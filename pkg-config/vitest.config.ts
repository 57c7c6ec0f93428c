import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // A limit for what hangs; machines that share their cores are slow at times.
    testTimeout: 60_000,
  },
});
