/**
 * The worker's side of every engine: opens it, prepares a batch of pictures and embeds them, on request.
 *
 * `open({ base, threads })` gives an engine: `facts` about what really runs, `prepare(pictures)`, which is not timed
 * and may be slow, and `embed()`, which is timed and gives `[N, 512]`. `stage()`, if there is one, is timed by itself.
 */
import { wasmBytes } from "./wasm-memory.js";
import { PICTURES, picture } from "../model/pictures.mjs";

export function serve(open) {
  let engine;
  const calls = {
    async open(options) {
      engine = await open(options);
      return { ...engine.facts, isolated: crossOriginIsolated };
    },
    async prepare(batch) {
      const drawn = Array.from({ length: PICTURES }, (_, i) => picture(i + 1));
      const pictures = Array.from(
        { length: batch },
        (_, i) => drawn[i % PICTURES],
      );
      await engine.prepare(pictures);
    },
    async embed() {
      const staging = performance.now();
      await engine.stage?.();
      const start = performance.now();
      const embeddings = await engine.embed();
      const end = performance.now();
      return {
        milliseconds: end - start,
        staging: start - staging,
        embeddings,
      };
    },
    wasmBytes: async () => wasmBytes(),
  };
  answer(calls);
}

/** Answers the page's requests by these functions. */
export function answer(calls) {
  onmessage = async ({ data: { id, call, argument } }) => {
    try {
      postMessage({ id, result: await calls[call](argument) });
    } catch (error) {
      const text = error?.stack ?? error?.message ?? String(error);
      postMessage({ id, error: text });
    }
  };
}

/** The bytes of a file that the benchmark serves. */
export async function bytesOf(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return response.arrayBuffer();
}

export const WEIGHTS = "/weights/resnet18-int8.safetensors";
