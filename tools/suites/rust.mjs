/** The crate's own tests, natively: unit tests, tests/*.rs and the examples in its documentation. */
import { withNativeTarget } from "../support/cargo.mjs";
import { say } from "../support/console.mjs";
import { cargoCounts, suiteOf } from "../support/results.mjs";
import { attempt } from "../support/run.mjs";

/** @param {string} name */
export async function rustTests(name) {
  say("\n== Rust tests (usually 1 minute, and 6 the first time)");
  // The tests print the figures that they check.
  const args = [
    ...["test", "--release", "--locked", "--no-fail-fast"],
    ...["--", "--show-output"],
  ];
  const { code, stdout } = await withNativeTarget((env) =>
    attempt("cargo", args, { env, output: "both" }),
  );
  return suiteOf(name, cargoCounts(stdout), code);
}
