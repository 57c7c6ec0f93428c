import { Classifier } from "headstart/slim";
import url from "headstart/headstart.wasm";
import { run, show } from "./run.js";

async function learn() {
  const weights = "/weights/resnet18-int8.safetensors";
  const cpu = await WebAssembly.compileStreaming(fetch(url));
  return run(Classifier, { weights, wasm: { cpu } });
}

show(learn());
