/** `npm run bench -- <name>`: measures, and prints what it measured. Without a name it lists the benchmarks. */
import { main, say, SetupError } from "./support/console.mjs";
import { withNativeTarget } from "./support/cargo.mjs";
import { run } from "./support/run.mjs";

/** @type {Record<string, { what: string, command: [string, ...string[]] }>} */
const BENCHMARKS = {
  accuracy: {
    what: "the head and the evaluation on real photos (needs ../shared)",
    command: [
      "cargo",
      "bench",
      "--features",
      "autodiff",
      "--bench",
      "accuracy",
      "--",
    ],
  },
  quantization: {
    what: "what int8 weights cost the embeddings (needs ../shared)",
    command: ["cargo", "bench", "--bench", "quantization", "--"],
  },
  fit: {
    what: "time to fit a head, in the browser",
    command: [process.execPath, "benches/browser/fit.mjs"],
  },
  package: {
    what: "adding photos for the first and the second time, the page's thread meanwhile, and memory (needs ../shared)",
    command: [process.execPath, "benches/browser/package.mjs"],
  },
  peers: {
    what: "Headstart beside onnxruntime-web, TensorFlow.js and jax-js, in the browser; --help lists its modes",
    command: [process.execPath, "benches/peers/peers.mjs"],
  },
};

await main(async () => {
  const [name, ...rest] = process.argv.slice(2);
  if (name === undefined) {
    for (const [name, { what }] of Object.entries(BENCHMARKS)) {
      say(`npm run bench -- ${name.padEnd(13)} ${what}`);
    }
    return;
  }
  const benchmark = BENCHMARKS[name];
  if (!benchmark) {
    const names = Object.keys(BENCHMARKS).join(", ");
    throw new SetupError(
      `There is no benchmark "${name}"`,
      `Name one of: ${names}`,
    );
  }
  const [command, ...args] = benchmark.command;
  const measure = (/** @type {NodeJS.ProcessEnv} */ env) =>
    run(command, [...args, ...rest], { env });
  // What is not cargo sees to its own builds.
  await (command === "cargo"
    ? withNativeTarget(measure)
    : measure(process.env));
});
