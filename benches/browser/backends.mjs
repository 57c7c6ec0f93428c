/**
 * `npm run bench -- backends`: fits the default head on the hymenoptera photos once on the CPU and once on
 * WebGPU, from the same embeddings, and compares the reports. Without a graphics card, WebGPU is the software
 * adapter that every Chromium brings.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, say, SetupError } from "../../tools/support/console.mjs";
import { inRoot } from "../../tools/support/paths.mjs";
import { inBrowser, inWorker } from "./chromium.mjs";

const shared = process.env.HEADSTART_SHARED ?? inRoot("..", "shared");
const folder = join(shared, "datasets", "hymenoptera");

await main(async () => {
  if (!existsSync(folder)) {
    throw new SetupError(
      `${folder} does not exist`,
      "Put the reference data there, or name its folder in HEADSTART_SHARED",
    );
  }
  const photos = ["train", "val"].flatMap((side) =>
    ["ants", "bees"].flatMap((label) =>
      readdirSync(join(folder, side, label)).map((name) => ({
        ...{ side, label, name: `${side}/${label}/${name}` },
        bytes: readFileSync(join(folder, side, label, name)).toString("base64"),
      })),
    ),
  );
  await inBrowser(
    async (page, version) => {
      say(
        `\nThe default head on ${photos.length} hymenoptera photos; Chromium ${version}`,
      );
      /** @type {Result[]} */
      const [cpu, webgpu] = await inWorker(page, "/backends-worker.js", photos);
      if (!cpu || !webgpu) throw new Error("A backend gave no result");
      print("CPU", cpu);
      print("WebGPU", webgpu);
      const pairs = cpu.probabilities.map((p, i) =>
        Math.abs(p - (webgpu.probabilities[i] ?? NaN)),
      );
      const differing = cpu.predicted.filter(
        (label, i) => label !== webgpu.predicted[i],
      );
      say(
        `Predicted otherwise: ${differing.length} of ${cpu.predicted.length}; ` +
          `probabilities at most ${Math.max(...pairs).toExponential(1)} apart`,
      );
    },
    ["--use-webgpu-adapter=swiftshader"],
  );
});

/**
 * @typedef {{ right: number, tested: number, l2: number, temperature: number, seconds: number,
 *   predicted: string[], probabilities: number[] }} Result
 * @param {string} name
 * @param {Result} result
 */
function print(name, { right, tested, l2, temperature, seconds }) {
  say(
    `${name}: ${right} of ${tested} right (${(right / tested).toFixed(4)}), L2 ${l2}, ` +
      `temperature ${temperature.toFixed(4)}, fitted in ${seconds.toFixed(1)} s`,
  );
}
