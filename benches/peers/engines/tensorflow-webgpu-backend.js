/** Starts TensorFlow.js's WebGPU backend. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";

export async function startWebgpu() {
  if (!(await tf.setBackend("webgpu")))
    throw new Error("The WebGPU backend did not start");
  return {};
}
