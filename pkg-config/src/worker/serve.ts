/** Joins the parts that touch the browser, and listens. */
import { expose } from "comlink";
import { queryAdapter } from "../backend.js";
import { EmbeddingCache } from "../cache/embeddings.js";
import type { WasmSources } from "../protocol.js";
import { Backbones } from "./backbones.js";
import { decodeFile, readBitmap } from "./decode.js";
import type { Environment } from "./api.js";
import { LocalTuner } from "./finetune/local-tuner.js";
import { TUNERS } from "./finetune/module.js";
import type { TunerPlatform } from "./finetune/prepare-tuner.js";
import { openBrowserFolder } from "./finetune/scratch-file.js";
import { startFurtherWorker } from "./further-worker.js";
import { createHost, type Further } from "./host.js";
import { loadCode } from "./load-code.js";
import { loadModule } from "./module.js";
import { start } from "./start.js";
import { Traps } from "./traps.js";
import { loadWeights } from "./weights.js";

/** `wasm` is where the modules are, for callers that do not say so. */
export function serve(wasm: WasmSources): void {
  const traps = new Traps();
  traps.listen();
  const startWorker = () => startFurtherWorker();
  const backbones = new Backbones({
    loadModule,
    loadWeights,
    startWorker,
    traps,
  });
  const startTuner: Further["startTuner"] = async (request) => {
    const module = TUNERS[request.kind];
    if (!module) throw new Error(`nothing fine-tunes on ${request.kind}`);
    return LocalTuner.start(request, module, traps);
  };
  const tuners: TunerPlatform = {
    kinds: (["cpu", "webgpu"] as const).filter((kind) => TUNERS[kind]),
    loadCode,
    startWorker,
    startHere: startTuner,
  };
  const environment: Environment = {
    start: (request, options) =>
      start({ ...request, wasm: { ...wasm, ...request.wasm } }, options, {
        queryAdapter,
        backbones,
        tuners,
        traps,
      }),
    decoder: { decodeFile, readBitmap },
    cache: new EmbeddingCache(),
    traps,
    openFolder: openBrowserFolder,
    finetunings: new Set(),
  };
  const loadEngine: Further["loadEngine"] = async ({ kind, code, weights }) => {
    const { Backbone } = await loadModule(kind, { [kind]: code });
    return traps.guard(Backbone.load(weights));
  };
  const endFurther = () => backbones.endFurther();
  expose(createHost(environment, { loadEngine, startTuner }, endFurther));
}
