/** The crate's own tests, natively: unit tests, tests/ and the examples in its documentation. */
import { withNativeTarget } from "../support/cargo.mjs";
import { attempt } from "../support/run.mjs";
import { cargoCounts, suiteOf } from "./results.mjs";

/** burn's operators are what kernels are compared with. */
export const RUST_TEST_FEATURES = ["--features", "reference,finetune-cpu"];

/** @type {import("./run-suites.mjs").Work} */
export const rustTests = (name, output) => cargoTest(name, [], {}, output);

/**
 * The tests on the reference data.
 * @param {string} shared their folder
 * @returns {import("./run-suites.mjs").Work}
 */
export const rustReferenceTests = (shared) => (name, output) =>
  cargoTest(
    name,
    ["--test", "reference"],
    { HEADSTART_SHARED: shared },
    output,
  );

/**
 * @param {string} name
 * @param {string[]} which
 * @param {NodeJS.ProcessEnv} added
 * @param {import("./run-suites.mjs").Output} [output]
 */
async function cargoTest(name, which, added, output) {
  const args = [
    ...["test", "--release", "--locked", "--no-fail-fast"],
    ...[...RUST_TEST_FEATURES, ...which],
    // The tests print the figures that they check.
    ...["--", "--show-output"],
  ];
  const { code, stdout } = await withNativeTarget((env) =>
    attempt("cargo", args, {
      env: { ...env, ...added },
      output: output ?? ((text) => process.stdout.write(text)),
    }),
  );
  return suiteOf(name, cargoCounts(stdout), code);
}
