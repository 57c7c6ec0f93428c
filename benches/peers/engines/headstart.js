/** Headstart's own module, called as the package's worker calls it. */
import { WEIGHTS, bytesOf } from "./serve.js";
import { PICTURE_SIDE } from "../model/pictures.mjs";

export async function openHeadstart(backend, base) {
  const module = await import(/* not bundled */ `${base}headstart.js`);
  await module.default({ module_or_path: `${base}headstart_bg.wasm` });
  const weights = new Uint8Array(await bytesOf(WEIGHTS));
  const backbone = await module.Backbone.load(weights);
  const session = backbone.session("centre");
  let images = [];
  return {
    facts: { threads: 1, adapter: backbone.backend().adapter },
    prepare(pictures) {
      images = pictures.map(
        (p) => new ImageData(p, PICTURE_SIDE, PICTURE_SIDE),
      );
    },
    stage() {
      for (const image of images) session.stage("picture", image);
    },
    embed: () => session.embedStaged(),
  };
}
