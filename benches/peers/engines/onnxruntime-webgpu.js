import { serve } from "./serve.js";

serve(async (options) => {
  const ort = await import("onnxruntime-web/webgpu");
  const { openOnnxruntime } = await import("./onnxruntime.js");
  const binary = "ort-wasm-simd-threaded.asyncify";
  return openOnnxruntime(ort, "webgpu", binary, options);
});
