/** The package around a worker that hands out decoded pixels. */
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { build } from "esbuild";
import { browserTests } from "./inputs.js";
import type { Rgb } from "./references.js";
import type { Site } from "./site.js";

/** What the package's worker decodes of each file, on the way that leads to an embedding. */
export async function decode(
  page: Page,
  site: Site,
  urls: string[],
): Promise<Rgb[]> {
  const { outputFiles } = await build({
    entryPoints: [join(browserTests, "support", "decoder-worker.ts")],
    bundle: true,
    format: "esm",
    write: false,
  });
  const worker = Buffer.from(outputFiles[0]!.contents);
  site.put("/decoder/worker.js", worker, "text/javascript");
  const results = await page.evaluate(
    async ({ urls, address }) => {
      const { Classifier } = (await import(
        address
      )) as typeof import("headstart/slim");
      const classifier = await Classifier.create({
        weights: new ArrayBuffer(0),
        wasm: {},
        worker: () => new Worker("/decoder/worker.js", { type: "module" }),
      });
      const results = [];
      for (const file of await window.files(urls))
        results.push([...(await classifier.embed([file]))[0]]);
      classifier.dispose();
      return results;
    },
    { urls, address: "/package/slim.js" },
  );
  return results.map(([width, height, ...rgba]) => ({
    width: width!,
    height: height!,
    data: Uint8Array.from(rgba.filter((_, at) => at % 4 !== 3)),
  }));
}
