import { Classifier } from "headstart";
import { weights } from "headstart/weights";
import { run, show } from "./run.js";

show(run(Classifier, { weights }));
