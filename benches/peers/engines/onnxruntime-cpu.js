import { serve } from "./serve.js";

serve(async (options) => {
  const ort = await import("onnxruntime-web/wasm");
  const { openOnnxruntime } = await import("./onnxruntime.js");
  return openOnnxruntime(ort, "wasm", "ort-wasm-simd-threaded", options);
});
