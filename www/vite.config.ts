import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** The dev server puts styles into the document; the built page has them in files, so its policy stays strict. */
const inlineStylesInDev: Plugin = {
  name: "inline-styles-in-dev",
  apply: "serve",
  transformIndexHtml: (html) =>
    html.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
};

export default defineConfig({
  // Relative addresses: the built page works from any folder of any static server.
  base: "./",
  plugins: [svelte(), inlineStylesInDev],
  build: {
    target: "es2022",
    outDir: "dist",
    // The policy has no `data:`, and WebAssembly compiles while it streams only from a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  // Pre-bundling would move the package's worker away from its WebAssembly files.
  optimizeDeps: { exclude: ["headstart"] },
});
