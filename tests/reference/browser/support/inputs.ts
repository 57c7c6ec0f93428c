/** The photos and the weights of the reference suite, which lie beside the repository. Where they are missing, tests fail and say so. */
import { join, resolve } from "node:path";
import {
  packageDist,
  requireFiles,
  root,
} from "../../../browser/support/inputs.js";

const shared = resolve(root, process.env.HEADSTART_SHARED ?? "../shared");

export const hymenoptera = join(shared, "datasets", "hymenoptera");
export const samples = join(shared, "datasets", "samples");
export const weightsFolder = join(root, "tests", "reference-data");

const ELSEWHERE =
  "put the reference data there, or name their folder in HEADSTART_SHARED";
const QUANTIZE =
  "run `npm run test:reference`, which makes it of the reference checkpoint";

export function requireReferences(): void {
  requireFiles([
    [join(hymenoptera, "train"), ELSEWHERE],
    [join(hymenoptera, "val"), ELSEWHERE],
    [samples, ELSEWHERE],
    [join(weightsFolder, "resnet18-int8.safetensors"), QUANTIZE],
    [join(packageDist, "index.js"), "run `npm run build`"],
  ]);
}
