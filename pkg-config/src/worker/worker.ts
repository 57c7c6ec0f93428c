/** The worker's entry: joins the parts that touch the browser, and listens. */
import { expose } from "comlink";
import { createApi } from "./api.js";
import { queryAdapter } from "./backend.js";
import { decodeFile, readBitmap } from "./decode.js";
import { loadModule } from "./module.js";
import { start } from "./start.js";
import { Traps } from "./traps.js";
import { loadWeights } from "./weights.js";

const traps = new Traps();
traps.listen();

expose(
  createApi({
    traps,
    decoder: { decodeFile, readBitmap },
    start: (request, options) =>
      start(request, options, { queryAdapter, loadModule, loadWeights, traps }),
  }),
);
