import "./wasm-memory.js";
import * as ort from "onnxruntime-web/wasm";
import { serve } from "./serve.js";
import { openOnnxruntime } from "./onnxruntime.js";

serve((options) =>
  openOnnxruntime(ort, "wasm", "ort-wasm-simd-threaded", options),
);
