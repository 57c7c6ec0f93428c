/** The comparison of the libraries: the same network, inputs and batches, in one browser session, in turns. */
import { cpus } from "node:os";
import { say } from "../../tools/support/console.mjs";
import { quantizedWeights } from "../../tools/support/paths.mjs";
import { bundleEngines } from "./bundle.mjs";
import { inSession } from "./browser/session.mjs";
import { providePage } from "./browser/page-files.mjs";
import { serve } from "./browser/server.mjs";
import { measureCold } from "./cold.mjs";
import { enginesOf } from "./engines.mjs";
import { measureBatch, openAll, wasmMemory } from "./measure.mjs";
import { modelFiles } from "./model/files.mjs";
import { coldTable, sizesTable, timesTable } from "./report/table.mjs";
import { writePage, writeResult } from "./report/results.mjs";
import { downloadOf, fileBytes } from "./sizes.mjs";

/** What a backend is measured with unless told. */
const DEFAULTS = {
  cpu: { batches: [1, 8, 32], rounds: 5 },
  // Where WebGPU is software, a picture takes seconds.
  webgpu: { batches: [1, 8], rounds: 2 },
};

/**
 * @param {import("./options.mjs").Options} options
 * @param {string} executablePath the browser's
 */
export async function compare(options, executablePath) {
  const model = await modelFiles();
  const pages = [];
  let failures = 0;
  for (const backend of options.backends) {
    const engines = enginesOf(options, backend);
    await bundleEngines(engines.map(({ script }) => script));
    await providePage();
    const result = await compareOn(backend, engines, options, {
      ...{ model, executablePath },
    });
    pages.push(pageOf(result));
    failures += result.failures.length;
    say(`\n${pages.at(-1)}`);
  }
  if (options.markdown) {
    await writePage("peers.md", [HEADING, ...pages].join("\n\n"));
  }
  if (failures > 0) process.exitCode = 1;
}

/**
 * @typedef {object} Comparison
 * @property {"cpu" | "webgpu"} backend
 * @property {Record<string, unknown>} machine
 * @property {Record<string, unknown>} facts what each engine says of itself
 * @property {import("./measure.mjs").Row[]} rows
 * @property {Record<string, number>} wasm
 * @property {import("./cold.mjs").Cold[]} cold
 * @property {({ engine: string } & import("./sizes.mjs").Download)[]} downloads
 * @property {Record<string, number>} models bytes of the network's files
 * @property {import("./measure.mjs").Failure[]} failures
 */

/**
 * @param {"cpu" | "webgpu"} backend
 * @param {import("./engines.mjs").Engine[]} engines
 * @param {import("./options.mjs").Options} options
 * @param {{ model: import("./model/files.mjs").ModelFiles, executablePath: string }} needs
 * @returns {Promise<Comparison>}
 */
async function compareOn(backend, engines, options, needs) {
  const { model, executablePath } = needs;
  const batches = options.batches ?? DEFAULTS[backend].batches;
  const rounds = options.rounds ?? DEFAULTS[backend].rounds;
  const server = await serve(model.onnx);
  const { hardware } = options;
  const where = { executablePath, address: server.address, hardware };
  /** @type {Comparison} */
  const result = {
    backend,
    machine: {
      processor: cpus()[0]?.model,
      cores: cpus().length,
      weights: model.weightsHash,
      rounds,
    },
    ...{ facts: {}, rows: [], wasm: {}, cold: [], downloads: [] },
    models: {
      onnx: await fileBytes(model.onnx),
      headstart: await fileBytes(quantizedWeights),
    },
    failures: [],
  };
  // As it comes, so that an interrupted run leaves something.
  const keep = () => writeResult(`peers-${backend}`, result);
  try {
    const working = await inSession(where, async (session) => {
      result.machine.browser = session.version;
      result.machine.adapter = await session.page.evaluate(() =>
        /** @type {any} */ (window).adapter(),
      );
      const { opened, failures } = await openAll(session, engines);
      result.failures.push(...failures);
      result.facts = Object.fromEntries(
        opened.map(({ engine, facts }) => [engine.id, facts]),
      );
      for (const batch of batches) {
        const amount = { batch, rounds };
        const part = await measureBatch(
          session,
          opened,
          model.reference,
          amount,
        );
        result.rows.push(...part.rows);
        result.failures.push(...part.failures);
        result.wasm = await wasmMemory(session, opened);
        await keep();
      }
      for (const { engine } of opened) {
        const download = await downloadOf(engine, server.fetched);
        result.downloads.push({ engine: engine.id, ...download });
        await keep();
      }
      return opened.map(({ engine }) => engine);
    });
    if (options.cold) {
      const { cold, failures } = await measureCold(
        ...[where, working, Math.max(...batches)],
      );
      result.cold = cold;
      result.failures.push(...failures);
    }
    await keep();
  } finally {
    server.close();
  }
  return result;
}

const HEADING = `# Headstart beside other libraries

ResNet18 to its 512-number embedding, 224×224, in one browser session, in turns; \`npm run bench -- peers --backend all --markdown\` writes this page. Times are medians; “spread” is the middle half's width by the median; “times onnxruntime-web” is how many times as fast, the median of the rounds' ratios. “Cores busy” is processor time by elapsed time; “threads at work” is among how many equal shares its division between threads might as well be, which other programs on the machine do not change. Times start with the input as the library wants it in JavaScript and end with the embeddings there; Headstart's input are pixels staged before. All engines compute with the same weights, rounded to 8 bits and back, and every embedding is compared with that of plain loops in f64.`;

/** @param {Comparison} result */
function pageOf({ backend, machine, ...result }) {
  const { processor, cores, browser, rounds } = machine;
  const adapter =
    /** @type {{ name: string, software: boolean } | undefined} */ (
      machine.adapter
    );
  const on =
    backend === "cpu"
      ? "the CPU"
      : `WebGPU (${adapter ? `${adapter.name}${adapter.software ? ", software" : ""}` : "no adapter"})`;
  const parts = [
    `## On ${on}`,
    `Chromium ${browser}, ${cores} cores, ${processor}, ${rounds} rounds.`,
    timesTable(result.rows),
  ];
  if (result.cold.length > 0) {
    parts.push(
      "From nothing, each in a browser of its own, files from this machine:",
      coldTable(result.cold, result.wasm),
    );
  }
  parts.push(
    `Code to download (the network's file comes to it: ${megabytes(result.models.headstart)} MB for Headstart, ${megabytes(result.models.onnx)} MB as ONNX):`,
    sizesTable(result.downloads),
  );
  for (const { engine, problem } of result.failures) {
    parts.push(`**${engine} was not measured**: ${problem.split("\n")[0]}`);
  }
  return parts.join("\n\n");
}

/** @param {number | undefined} bytes */
const megabytes = (bytes) => ((bytes ?? NaN) / 1e6).toFixed(1);
