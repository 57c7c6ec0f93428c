/** The quantized weights that the page loads. */
import { basename } from "node:path";
import { crateSources } from "../support/cargo.mjs";
import { step } from "../support/console.mjs";
import { made } from "../support/made.mjs";
import { quantizedWeights } from "../support/paths.mjs";
import { run } from "../support/run.mjs";
import { checkpoint } from "./checkpoint.mjs";
import { nativeProgram } from "./native-programs.mjs";

export async function prepareWeights() {
  await quantize(await checkpoint(), quantizedWeights);
}

/**
 * Makes the quantized file of a checkpoint; the same one is made once on this machine.
 * @param {{ path: string, sha256: string }} checkpoint
 * @param {string} destination
 */
export async function quantize({ path, sha256 }, destination) {
  const result = {
    name: basename(destination),
    inputs: await crateSources(),
    facts: sha256,
    destination,
    shelf: "weights",
  };
  await made(result, async (output) => {
    const headstart = await nativeProgram("headstart");
    await step(
      {
        doing: "Quantizing the weights",
        usually: "half a minute",
        mend: "Mend what is named above, then run this again",
      },
      () => run(headstart, ["quantize", path, "-o", output]),
    );
  });
}
