import "./wasm-memory.js";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";
import { serve } from "./serve.js";
import { openTensorflow } from "./tensorflow.js";

serve(async () => {
  if (!(await tf.setBackend("webgpu")))
    throw new Error("The WebGPU backend did not start");
  return openTensorflow({});
});
