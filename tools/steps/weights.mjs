/** The quantized weights that the page and the tests load. */
import { relative } from "node:path";
import { crateSources, withNativeTarget } from "../support/cargo.mjs";
import { sayCurrent, step } from "../support/console.mjs";
import { quantizedWeights, root } from "../support/paths.mjs";
import { run } from "../support/run.mjs";
import { keyOf, stamps } from "../support/stamp.mjs";
import { checkpoint } from "./checkpoint.mjs";

export async function prepareWeights() {
  const { path, sha256 } = await checkpoint();
  const key = await keyOf(await crateSources(), sha256);
  if (await stamps.isCurrent("weights", key)) {
    return sayCurrent("quantized weights");
  }
  await step(
    {
      doing: "Quantizing the weights, with the native command line",
      usually: "1 minute, and 5 the first time",
      mend: "Mend what is named above, then run: npm start",
    },
    async () => {
      const args = [
        ...["run", "--release", "--locked", "--bin", "headstart", "--"],
        ...["quantize", path, "-o", relative(root, quantizedWeights)],
      ];
      await withNativeTarget((env) => run("cargo", args, { env }));
      await stamps.record("weights", key, [quantizedWeights]);
    },
  );
}
