/** On a server the package imports without harm, and says that it cannot run. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { project } from "./support/project.js";
import { node } from "./support/program.js";
import { expect, test } from "./support/test.js";

const PROGRAM = `
const { Classifier } = await import("headstart");
const slim = await import("headstart/slim");
const { weights } = await import("headstart/weights");
const failure = (promise) =>
  promise.then(
    () => "no failure",
    ({ name, code, message }) => ({ name, code, message }),
  );
const wasm = { cpu: import.meta.resolve("headstart/headstart.wasm") };
console.log(
  JSON.stringify({
    weights: weights.href.split("/").at(-1),
    support: await Classifier.support(),
    failure: await failure(Classifier.create({ weights })),
    slimFailure: await failure(slim.Classifier.create({ weights, wasm })),
  }),
);
`;

test("Node: importing is harmless, and a classifier is refused with the reason", async () => {
  const folder = await project("node", {
    packages: ["headstart", "headstart-weights"],
  });
  writeFileSync(join(folder, "program.js"), PROGRAM);
  const result: unknown = JSON.parse(await node(["program.js"], folder));
  const refusal = {
    name: "HeadstartError",
    code: "UNSUPPORTED_ENVIRONMENT",
    message: expect.stringMatching(/browser/),
  };
  expect(result).toEqual({
    weights: "resnet18-int8.safetensors",
    support: expect.objectContaining({ supported: false }),
    failure: refusal,
    slimFailure: refusal,
  });
});
