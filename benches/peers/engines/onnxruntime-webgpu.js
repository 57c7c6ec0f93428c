import "./wasm-memory.js";
import * as ort from "onnxruntime-web/webgpu";
import { serve } from "./serve.js";
import { openOnnxruntime } from "./onnxruntime.js";

serve((options) =>
  openOnnxruntime(ort, "webgpu", "ort-wasm-simd-threaded.asyncify", options),
);
