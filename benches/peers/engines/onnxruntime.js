/** onnxruntime-web with the network as an ONNX file. */
import { normalized } from "../model/pictures.mjs";
import { SIDE } from "../model/network.mjs";
import { bytesOf } from "./serve.js";

const MODEL = "/model/resnet18.onnx";

/** `ort` is the library's build for the provider, `binary` the name of its module. */
export async function openOnnxruntime(
  ort,
  provider,
  binary,
  { base, threads },
) {
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = {
    wasm: `${base}${binary}.wasm`,
    mjs: `${base}${binary}.mjs`,
  };
  const session = await ort.InferenceSession.create(
    new Uint8Array(await bytesOf(MODEL)),
    { executionProviders: [provider] },
  );
  let values;
  let batch;
  return {
    facts: { threads: ort.env.wasm.numThreads, library: ort.env.versions.web },
    prepare(pictures) {
      batch = pictures.length;
      values = new Float32Array(batch * 3 * SIDE * SIDE);
      pictures.forEach((picture, i) =>
        values.set(normalized(picture), i * 3 * SIDE * SIDE),
      );
    },
    async embed() {
      const input = new ort.Tensor("float32", values, [batch, 3, SIDE, SIDE]);
      const { embedding } = await session.run({ input });
      const result = await embedding.getData();
      embedding.dispose();
      return result;
    },
  };
}
