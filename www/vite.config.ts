import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import serveStatic from "serve-static";
import { defineConfig, type Plugin } from "vite";

/** The dev server puts styles into the document; the built page has them in files, so its policy stays strict. */
const inlineStylesInDev: Plugin = {
  name: "inline-styles-in-dev",
  apply: "serve",
  transformIndexHtml: (html) =>
    html.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
};

/** The dev server has the weights where the built page's has them. */
const weightsInDev: Plugin = {
  name: "weights-in-dev",
  apply: "serve",
  configureServer: ({ middlewares }) => {
    const folder = fileURLToPath(new URL("../weights", import.meta.url));
    middlewares.use("/weights", serveStatic(folder, { index: false }));
  },
};

export default defineConfig({
  // Relative addresses: the built page works from any folder of any static server.
  base: "./",
  plugins: [svelte(), inlineStylesInDev, weightsInDev],
  build: {
    target: "es2022",
    outDir: "dist",
    // The policy has no `data:`, and WebAssembly compiles while it streams only from a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What the page's third-party notices are made from, which then take its place.
    license: { fileName: "licences.json" },
  },
  worker: { format: "es" },
  // Pre-bundling would move the package's worker away from its WebAssembly files.
  optimizeDeps: { exclude: ["headstart"] },
});
