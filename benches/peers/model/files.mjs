/** The network's files and reference embeddings, made from the quantized weights and kept by those weights' hash. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { step } from "../../../tools/support/console.mjs";
import { exists, sha256OfFile } from "../../../tools/support/files.mjs";
import { quantizedWeights } from "../../../tools/support/paths.mjs";
import { distFolder } from "../bundle.mjs";
import { onnxModel } from "./onnx.mjs";
import { PICTURES, normalized, picture } from "./pictures.mjs";
import { embedPlainly } from "./reference.mjs";
import { readWeights } from "./weights.mjs";

/** Part of the kept files' names: another value makes them anew. */
const FORMAT = 1;

/**
 * @typedef {object} ModelFiles
 * @property {string} onnx the path of the ONNX file
 * @property {string} weightsHash SHA-256 of the quantized weights
 * @property {number[][]} reference an embedding per picture
 */

/** @returns {Promise<ModelFiles>} */
export async function modelFiles() {
  const weightsHash = await sha256OfFile(quantizedWeights);
  const folder = join(distFolder, "model");
  await mkdir(folder, { recursive: true });
  const onnx = join(folder, `resnet18-${weightsHash}-${FORMAT}.onnx`);
  const reference = join(folder, `reference-${weightsHash}-${FORMAT}.json`);
  if (!(await exists(onnx)) || !(await exists(reference))) {
    await step(
      {
        doing: "Writing the ONNX file and the reference embeddings",
        usually: "30 seconds",
        mend: "Run: npm start, which makes the weights anew",
      },
      async () => {
        const file = await readFile(quantizedWeights);
        const weights = readWeights(Uint8Array.from(file).buffer);
        await writeFile(onnx, onnxModel(weights));
        const embeddings = Array.from({ length: PICTURES }, (_, i) => {
          const input = normalized(picture(i + 1));
          return Array.from(embedPlainly(input, weights));
        });
        await writeFile(reference, JSON.stringify(embeddings));
      },
    );
  }
  return {
    onnx,
    weightsHash,
    reference: JSON.parse(await readFile(reference, "utf8")),
  };
}
