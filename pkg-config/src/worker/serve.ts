/** Joins the parts that touch the browser, and listens. */
import { expose } from "comlink";
import { queryAdapter } from "../backend.js";
import { EmbeddingCache } from "../cache/embeddings.js";
import type { WasmSources } from "../protocol.js";
import { Backbones } from "./backbones.js";
import { decodeFile, readBitmap } from "./decode.js";
import type { Environment } from "./api.js";
import { startFurtherWorker } from "./further-worker.js";
import { createHost, type LoadEngine } from "./host.js";
import { loadModule } from "./module.js";
import { start } from "./start.js";
import { Traps } from "./traps.js";
import { loadWeights } from "./weights.js";

/** `wasm` is where the modules are, for callers that do not say so. */
export function serve(wasm: WasmSources): void {
  const traps = new Traps();
  traps.listen();
  const backbones = new Backbones({
    loadModule,
    loadWeights,
    startWorker: () => startFurtherWorker(),
    traps,
  });
  const environment: Environment = {
    start: (request, options) =>
      start({ ...request, wasm: { ...wasm, ...request.wasm } }, options, {
        queryAdapter,
        backbones,
        traps,
      }),
    decoder: { decodeFile, readBitmap },
    cache: new EmbeddingCache(),
    traps,
  };
  const loadEngine: LoadEngine = async ({ kind, code, weights }) => {
    const { Backbone } = await loadModule(kind, { [kind]: code });
    return traps.guard(Backbone.load(weights));
  };
  const endFurther = () => backbones.endFurther();
  expose(createHost(environment, loadEngine, endFurther));
}
