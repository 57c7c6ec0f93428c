/** `npm pack` refuses what would be a package that cannot work, and says what is missing and what to run. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "@playwright/test";
import { packageDist } from "../browser/support/inputs.js";
import {
  packageFolder,
  prepack,
  weightsPackageFolder,
} from "./support/paths.js";
import { npm } from "./support/program.js";

const BUILD =
  /headstart cannot be packed without (.*): run npm run build first\./;
const QUANTIZE =
  /headstart-weights cannot be packed without (.*): run cargo run .*quantize.*resnet18-int8\.safetensors first\./;

/** What stands in the sentence for the missing files. */
async function missing(folder: string, sentence: RegExp): Promise<string[]> {
  const failure = await npm(["pack", "--dry-run"], folder).then(
    () => "npm packed it",
    (error: unknown) => String(error),
  );
  expect(failure).toMatch(sentence);
  return sentence.exec(failure)![1]!.split(", ");
}

test("a package that was not built is not packed, nor one without a module", async () => {
  const folder = test.info().outputPath("headstart");
  for (const file of [join(packageFolder, "package.json"), prepack])
    cpSync(file, join(folder, basename(file)));
  const all = await missing(folder, BUILD);
  expect(all).toContain("./dist/index.js");
  expect(all).toContain("./dist/index.d.ts");

  cpSync(packageDist, join(folder, "dist"), { recursive: true });
  const module = "./dist/headstart-webgpu.wasm";
  rmSync(join(folder, module));
  expect(await missing(folder, BUILD)).toEqual([module]);
  // What `npm start` puts there until the module is compiled.
  writeFileSync(
    join(folder, module),
    Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0),
  );
  expect(await missing(folder, BUILD)).toEqual([module]);
});

test("the weights' package is not packed without the weights", async () => {
  const folder = test.info().outputPath("weights-package");
  const weights = "resnet18-int8.safetensors";
  cpSync(weightsPackageFolder, folder, { recursive: true });
  rmSync(join(folder, weights), { force: true });
  cpSync(prepack, test.info().outputPath(basename(prepack)));
  expect(await missing(folder, QUANTIZE)).toEqual([`./${weights}`]);
});
