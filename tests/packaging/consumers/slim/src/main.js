import { Classifier } from "headstart/slim";
import cpu from "headstart/headstart.wasm?url";
import webgpu from "headstart/headstart-webgpu.wasm?url";
import { run, show } from "./run.js";

const options = {
  weights: "/weights/resnet18-int8.safetensors",
  wasm: { cpu, webgpu },
  worker: () =>
    new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
};

show(run(Classifier, options));
