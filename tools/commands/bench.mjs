/** `npm run bench -- <name>`: measures, and prints what it measured. Without a name it lists the benchmarks. */
import { SetupError, say } from "../support/console.mjs";
import { withNativeTarget } from "../support/cargo.mjs";
import { run } from "../support/run.mjs";
import { requireRust } from "../steps/rust.mjs";

const cargo = (/** @type {string} */ name, /** @type {string} */ features) => [
  ...["cargo", "bench", "--features", features, "--bench", name, "--"],
];

/** @type {Record<string, { what: string, command: string[] }>} */
const BENCHMARKS = {
  suite: {
    what: "heads and what is measured with them on data sets, the reference data's or those of --data; --help lists its sections",
    command: cargo("suite", "finetune-cpu,reference"),
  },
  quantization: {
    what: "what int8 weights cost the embeddings (needs the reference data)",
    command: cargo("quantization", "reference"),
  },
  kernels: {
    what: "the CPU's kernels and burn's operators, natively, layer by layer",
    command: cargo("kernels", "reference"),
  },
  webgpu: {
    what: "WebGPU's kernels and burn's operators, natively, layer by layer (needs a graphics adapter)",
    command: cargo("webgpu", "reference,webgpu"),
  },
  scale: {
    what: "adding, training, evaluating and saving with up to 50,000 images, in the browser",
    command: [process.execPath, "benches/browser/scale.mjs"],
  },
  package: {
    what: "adding photos for the first and the second time, the page's thread meanwhile, and memory (needs the reference data)",
    command: [process.execPath, "benches/browser/package.mjs"],
  },
  finetune: {
    what: "training the network's last stage in the browser: time of each phase and step, and memory (needs the reference data)",
    command: [process.execPath, "benches/browser/finetune.mjs"],
  },
  peers: {
    what: "Headstart beside onnxruntime-web, TensorFlow.js and jax-js, in the browser; --help lists its modes",
    command: [process.execPath, "benches/peers/peers.mjs"],
  },
};

const [name, ...rest] = process.argv.slice(3);
if (name === undefined) {
  for (const [name, { what }] of Object.entries(BENCHMARKS)) {
    say(`npm run bench -- ${name.padEnd(13)} ${what}`);
  }
} else {
  const benchmark = BENCHMARKS[name];
  if (!benchmark) {
    throw new SetupError(
      `There is no benchmark "${name}"`,
      `Name one of: ${Object.keys(BENCHMARKS).join(", ")}`,
    );
  }
  await requireRust();
  const [command = "", ...args] = [...benchmark.command, ...rest];
  // What is not cargo sees to its own builds.
  await (command === "cargo"
    ? withNativeTarget((env) => run(command, args, { env }))
    : run(command, args));
}
