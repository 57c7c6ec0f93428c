/** What tools that know npm's conventions say of the packages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { tarballOf, type PackageName } from "./support/pack.js";
import { root, tarballs } from "./support/paths.js";
import { node } from "./support/program.js";

/** Of these attw says "resolution failed": TypeScript resolves no file of this kind. Bundlers take them as addresses. */
const ASSETS: Record<PackageName, string[]> = {
  headstart: [
    "headstart.wasm",
    "headstart-webgpu.wasm",
    "headstart-finetune.wasm",
  ],
  "headstart-weights": ["resnet18-int8.safetensors"],
};
const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");

for (const name of ["headstart", "headstart-weights"] as const) {
  test(`${name}: attw finds nothing wrong with the types`, async () => {
    const options = ["--profile", "esm-only", "--no-color", "--no-emoji"];
    const excluded = ["--exclude-entrypoints", ...ASSETS[name]];
    const output = await node(
      [attw, tarballOf(name), ...options, ...excluded],
      tarballs,
    );
    // It finds nothing wrong with a package without types either.
    expect(output).toContain("OK (ESM)");
  });

  test(`${name}: publint finds nothing`, async () => {
    const tarball = new Uint8Array(readFileSync(tarballOf(name))).buffer;
    const { messages, pkg } = await publint({
      strict: true,
      pack: { tarball },
    });
    expect(pkg).toMatchObject({ name });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
}
