/** The programs that set-up runs on this machine: the crate's command line, and wasm-bindgen. */
import { join } from "node:path";
import { withNativeTarget, nativeTarget } from "../support/cargo.mjs";
import { step } from "../support/console.mjs";
import { run } from "../support/run.mjs";
import { requireRust } from "./rust.mjs";

const ending = process.platform === "win32" ? ".exe" : "";

/** @type {Promise<void> | undefined} */
let built;

/**
 * Both are built at once, so that cargo has work for all cores.
 * @param {"headstart" | "headstart-bindgen"} name
 * @returns {Promise<string>} its path
 */
export async function nativeProgram(name) {
  await (built ??= buildPrograms());
  return join(nativeTarget, "release", name + ending);
}

async function buildPrograms() {
  await requireRust();
  await step(
    {
      doing: "Compiling the command line and wasm-bindgen",
      usually: "2 minutes the first time",
      mend: "Mend what the compiler names above, then run this again",
    },
    () =>
      withNativeTarget((env) =>
        run(
          "cargo",
          [
            ...["build", "--release", "--locked", "--quiet", "--bins"],
            ...["--package", "headstart", "--package", "headstart-bindgen"],
          ],
          { env },
        ),
      ),
  );
}
