/** What most tests run on: a network of weights drawn from a seed, and drawn photos. */
import { crateSources, withNativeTarget } from "../support/cargo.mjs";
import { step } from "../support/console.mjs";
import { filesUnder } from "../support/files.mjs";
import { made } from "../support/made.mjs";
import { drawnData, inRoot } from "../support/paths.mjs";
import { run } from "../support/run.mjs";
import { RUST_TEST_FEATURES } from "../suites/rust.mjs";

export async function drawData() {
  const sources = [
    inRoot("tests", "drawn"),
    inRoot("tests", "support", "drawn"),
    inRoot("tests", "fixtures", "drawn-network"),
  ];
  const result = {
    name: "drawn network and photos",
    inputs: [...(await crateSources()), ...(await filesUnder(sources))],
    destination: drawnData,
    shelf: "drawn",
  };
  await made(result, (folder) =>
    step(
      {
        doing: "Drawing a network and photos for the tests",
        usually: "1 minute, and 5 the first time",
        mend: "Mend what is named above, then run: npm test",
      },
      () =>
        withNativeTarget((env) =>
          run(
            "cargo",
            [
              ...["run", "--release", "--locked", "--quiet"],
              ...[...RUST_TEST_FEATURES, "--example", "drawn", "--", folder],
            ],
            { env },
          ),
        ),
    ),
  );
}
