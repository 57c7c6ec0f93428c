import { Classifier } from "headstart";
import { run, show } from "./run.js";

const weights = "/weights/resnet18-int8.safetensors";

show(run(Classifier, { weights }));
