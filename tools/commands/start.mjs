/**
 * `npm start`: sets up whatever is missing, builds, and serves the page. It is served as soon as it can run on the CPU;
 * the WebGPU module, which compiles for minutes the first time, follows behind.
 */
import { describe, messageOf, say, warn } from "../support/console.mjs";
import { serve } from "../serve.mjs";
import { build, buildForCpu } from "../steps/build.mjs";
import { requireRust } from "../steps/rust.mjs";
import { prepareWeights } from "../steps/weights.mjs";

await requireRust();
const weights = prepareWeights().catch((error) => {
  warn(describe(error));
  warn("The page is served all the same; it cannot classify until then.");
});
const [complete] = await Promise.all([buildForCpu(), weights]);
await serve();
if (!complete) {
  say(
    "The WebGPU module is still being compiled; until then the page runs on the CPU.",
  );
  build().then(
    () => say("The WebGPU module is ready: reload the page to use it."),
    (error) => {
      warn(describe(error));
      warn(`The page goes on without WebGPU (${messageOf(error)}).`);
    },
  );
}
