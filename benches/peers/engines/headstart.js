/** Headstart's own module, called as the package's worker calls it, with the package's way to further workers. */
import { Engines } from "../../../pkg-config/src/worker/engines.ts";
import { startFurtherWorker } from "../../../pkg-config/src/worker/further-worker.ts";
import { WEIGHTS, bytesOf } from "./serve.js";
import { PICTURE_SIDE } from "../model/pictures.mjs";

export async function openHeadstart(kind, { base, threads = 1 }) {
  const module = await import(/* not bundled */ `${base}headstart.js`);
  const wasm = new URL(`${base}headstart_bg.wasm`, location.href).href;
  await module.default({ module_or_path: wasm });
  const weights = new Uint8Array(await bytesOf(WEIGHTS));
  const backbone = await module.Backbone.load(weights);
  const session = backbone.session("centre");
  const engines = new Engines(backbone, () =>
    startFurtherWorker(
      { kind, wasm: { [kind]: wasm }, weights },
      new URL(`${base}package/worker.js`, location.href),
    ),
  );
  const run = (crops) => engines.run(crops, false, threads, console.log);
  if (threads > 1) {
    // Nobody waits for further workers in an application; here they are to be there from the first round on.
    await run(new Uint8Array(threads * 224 * 224 * 3));
    for (let i = 0; i < 300 && engines.count < threads; i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
  let images = [];
  return {
    facts: { threads: engines.count, adapter: backbone.backend().adapter },
    prepare(pictures) {
      images = pictures.map(
        (p) => new ImageData(p, PICTURE_SIDE, PICTURE_SIDE),
      );
    },
    stage() {
      for (const image of images) session.stage("picture", image);
    },
    async embed() {
      const crops = session.takeStaged();
      const { embeddings } = await run(crops.bytes());
      return crops.embeddings(embeddings);
    },
  };
}
