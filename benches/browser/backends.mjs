/**
 * `npm run bench -- backends`: fits the default head on the hymenoptera photos once on the CPU and once on
 * WebGPU, from the same embeddings, and compares the reports. Without a graphics card, WebGPU is the software
 * adapter that every Chromium brings.
 */
import { main, say } from "../../tools/support/console.mjs";
import { inBrowser, inWorker } from "./chromium.mjs";
import { readPhotos } from "./photos.mjs";

await main(async () => {
  const photos = readPhotos(["train", "val"]);
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
