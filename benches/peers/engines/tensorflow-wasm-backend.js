/** Starts TensorFlow.js's wasm backend with as many threads. */
import * as tf from "@tensorflow/tfjs-core";
import {
  getThreadsCount,
  setThreadsCount,
  setWasmPaths,
} from "@tensorflow/tfjs-backend-wasm";

export async function startWasm({ base, threads }) {
  setWasmPaths(base);
  // Its threaded module with one thread would pay for threads without having any.
  if (threads === 1) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  else setThreadsCount(threads);
  if (!(await tf.setBackend("wasm")))
    throw new Error("The wasm backend did not start");
  return { threads: threads === 1 ? 1 : getThreadsCount() };
}
