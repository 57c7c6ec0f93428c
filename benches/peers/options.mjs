/** What `npm run bench -- peers …` can be told. */
import { parseArgs } from "node:util";
import { SetupError } from "../../tools/support/console.mjs";
import { LIBRARIES } from "./engines.mjs";

export const USAGE = `npm run bench -- peers [mode] [options]
modes
  (none)       the same network, inputs and batches through every library, in turns
  folder       1,000 photos, from decoding to the report, against TensorFlow.js with a dense head
  breakdown    where Headstart's time goes, step by step
options
  --backend cpu|webgpu|all   default: cpu
  --threads 1,2              on the CPU; default: 1,2
  --batches 1,8,32           default: 1,8,32 on the CPU, 1,8 on WebGPU
  --rounds 5                 default: 5 on the CPU, 2 on WebGPU
  --libraries headstart,…    default: all
  --no-cold                  without a fresh browser for every engine
  --photos 1000              default: 1000 (folder), 64 (breakdown)
  --hardware                 WebGPU on the graphics card, not the software adapter
  --markdown                 writes benches/peers.md as well`;

/** @typedef {"cpu" | "webgpu"} Backend */
/** @typedef {"table" | "folder" | "breakdown"} Mode */

/**
 * @typedef {object} Options
 * @property {Mode} mode
 * @property {Backend[]} backends
 * @property {number[]} threads
 * @property {number[] | undefined} batches
 * @property {number | undefined} rounds
 * @property {string[]} libraries
 * @property {boolean} cold
 * @property {number | undefined} photos
 * @property {boolean} markdown
 * @property {boolean} hardware whether WebGPU may be a graphics card
 */

/**
 * @param {string[]} args
 * @returns {Options | undefined} `undefined` where help was asked for
 */
export function readOptions(args) {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const mode = positionals[0] ?? "table";
  const backend = values.backend ?? "cpu";
  const libraries = values.libraries?.split(",") ?? [...LIBRARIES];
  if (positionals.length > 1 || !isMode(mode)) {
    throw wrong(`There is no mode "${positionals.join(" ")}"`);
  }
  if (!["cpu", "webgpu", "all"].includes(backend)) {
    throw wrong(`There is no backend "${backend}"`);
  }
  for (const name of libraries) {
    if (!LIBRARIES.includes(name)) throw wrong(`There is no library "${name}"`);
  }
  return {
    mode,
    backends:
      backend === "all"
        ? ["cpu", "webgpu"]
        : [/** @type {Backend} */ (backend)],
    threads: numbers("threads", values.threads) ?? [1, 2],
    batches: numbers("batches", values.batches),
    rounds: number("rounds", values.rounds),
    libraries,
    cold: !values["no-cold"],
    photos: number("photos", values.photos),
    markdown: values.markdown ?? false,
    hardware: values.hardware ?? false,
  };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        backend: { type: "string" },
        threads: { type: "string" },
        batches: { type: "string" },
        rounds: { type: "string" },
        libraries: { type: "string" },
        "no-cold": { type: "boolean" },
        photos: { type: "string" },
        markdown: { type: "boolean" },
        hardware: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message : String(cause));
  }
}

/**
 * @param {string} mode
 * @returns {mode is Mode}
 */
const isMode = (mode) => ["table", "folder", "breakdown"].includes(mode);

/** @param {string} problem */
const wrong = (problem) => new SetupError(problem, USAGE);

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function numbers(name, text) {
  return text?.split(",").map((each) => whole(name, each));
}

/**
 * @param {string} name
 * @param {string | undefined} text
 */
const number = (name, text) =>
  text === undefined ? undefined : whole(name, text);

/**
 * @param {string} name
 * @param {string} text
 */
function whole(name, text) {
  if (!/^[1-9]\d*$/.test(text)) {
    throw wrong(`--${name} takes whole numbers from 1, not "${text}"`);
  }
  return Number(text);
}
