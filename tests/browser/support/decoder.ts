/** The built package with a stand-in for its WebAssembly module that hands out decoded pixels. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { fixtures, packageDist } from "./inputs.js";
import type { Rgb } from "./references.js";
import type { Site } from "./site.js";

const FILES = {
  "index.js": join(packageDist, "index.js"),
  "worker.js": join(packageDist, "worker.js"),
  "wasm/cpu/headstart.js": join(fixtures, "pixels.js"),
};

/** What the package's worker decodes of each file, on the way that leads to an embedding. */
export async function decode(
  page: Page,
  site: Site,
  urls: string[],
): Promise<Rgb[]> {
  for (const [name, path] of Object.entries(FILES))
    site.put(`/decoder/${name}`, readFileSync(path), "text/javascript");
  const results = await page.evaluate(
    async ({ urls, address }) => {
      const { Classifier } = (await import(address)) as typeof window.headstart;
      const weights = new ArrayBuffer(0);
      const classifier = await Classifier.create({ weights, backend: "cpu" });
      const results = [];
      for (const file of await window.files(urls))
        results.push([...(await classifier.embed([file]))[0]!]);
      classifier.dispose();
      return results;
    },
    { urls, address: "/decoder/index.js" },
  );
  return results.map(([width, height, ...rgba]) => ({
    width: width!,
    height: height!,
    data: Uint8Array.from(rgba.filter((_, at) => at % 4 !== 3)),
  }));
}
