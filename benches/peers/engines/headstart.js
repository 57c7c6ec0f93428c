/** Headstart's own module, called as the package's worker calls it, with the package's way to further workers. */
import { Engines } from "../../../pkg-config/src/worker/engines.ts";
import { startFurtherWorker } from "../../../pkg-config/src/worker/further-worker.ts";
import { adapterName } from "./headstart-adapter.js";
import { WEIGHTS, bytesOf } from "./serve.js";
import { PICTURE_SIDE } from "../model/pictures.mjs";

export async function openHeadstart(kind, { base, threads = 1 }) {
  const module = await import(/* not bundled */ `${base}headstart.js`);
  const code = await WebAssembly.compileStreaming(
    fetch(`${base}headstart_bg.wasm`),
  );
  await module.default({ module_or_path: code });
  const weights = new Uint8Array(await bytesOf(WEIGHTS));
  const backbone = await module.Backbone.load(weights, await adapterName());
  const session = backbone.session("centre");
  const engines = new Engines(backbone);
  for (let further = 1; further < threads; further++) {
    const script = new URL(`${base}package/worker.js`, location.href);
    const worker = await startFurtherWorker(script);
    engines.add(await worker.load({ kind, code, weights }));
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
      const { embeddings } = await engines.run(
        crops.bytes(),
        false,
        threads,
        console.log,
      );
      return crops.embeddings(embeddings);
    },
  };
}
