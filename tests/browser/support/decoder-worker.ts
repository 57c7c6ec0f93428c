/** The package's worker with a stand-in for Rust: an image's "embedding" is its size and its decoded pixels. */
import { expose } from "comlink";
import { EmbeddingCache } from "../../../pkg-config/src/cache/embeddings.js";
import {
  decodeFile,
  readBitmap,
} from "../../../pkg-config/src/worker/decode.js";
import { createHost } from "../../../pkg-config/src/worker/host.js";
import type {
  WasmCrops,
  WasmSession,
} from "../../../pkg-config/src/worker/wasm-session.js";
import { Traps } from "../../../pkg-config/src/worker/traps.js";

class Pixels implements Partial<WasmSession> {
  #staged: ImageData | undefined;

  batchSize = () => 1;
  inspect = () => ({ hash: "", taken: null });
  classes = () => [];

  stage(_name: string, image: ImageData) {
    this.#staged = image;
  }

  /** Its bytes go through the network unseen. */
  takeStaged(): WasmCrops {
    const staged = this.#staged;
    return {
      bytes: () => new Uint8Array(),
      embeddings: () => {
        const { width, height, data } = staged!;
        return Float32Array.of(width, height, ...data);
      },
      records: () => new Uint8Array(),
      free: () => undefined,
    };
  }

  tail = () => undefined;
  free = () => undefined;
}

const noNetwork = () => Promise.reject(new Error("there is no network here"));

const nothing = { embeddings: new Float32Array(), maps: new Float32Array() };

expose(
  createHost(
    {
      start: async () => {
        const session = new Pixels() as Partial<WasmSession> as WasmSession;
        return {
          session,
          backend: { kind: "cpu", adapter: "none", reason: "It only decodes." },
          threads: 1,
          computing: () => 1,
          run: async () => nothing,
          trunk: async () => new Uint8Array(),
          withTail: noNetwork,
          prepareTuner: noNetwork,
          memory: async () => ({ wasm: 0, gpu: null }),
          free: () => session.free(),
        };
      },
      decoder: { decodeFile, readBitmap },
      cache: new EmbeddingCache(),
      traps: new Traps(),
      openFolder: noNetwork,
      finetunings: new Set(),
    },
    { loadEngine: noNetwork, startTuner: noNetwork },
    () => Promise.resolve(),
  ),
);
