/** The engines: a library on a backend with a number of threads. */

export const LIBRARIES = [
  "headstart",
  "onnxruntime-web",
  "tensorflow.js",
  "jax-js",
];

/** The entry points in `engines/`, without their backend. @type {Record<string, string>} */
const SCRIPTS = {
  headstart: "headstart",
  "onnxruntime-web": "onnxruntime",
  "tensorflow.js": "tensorflow",
  "jax-js": "jax",
};

/**
 * @typedef {object} Engine
 * @property {string} id also the folder that its files are served from
 * @property {string} library
 * @property {"cpu" | "webgpu"} backend
 * @property {number} threads 1 on WebGPU
 * @property {string} script in `engines/`, without its extension
 */

/**
 * @param {import("./options.mjs").Options} options
 * @param {"cpu" | "webgpu"} backend
 * @returns {Engine[]}
 */
export function enginesOf({ libraries, threads }, backend) {
  const counts = backend === "cpu" ? threads : [1];
  return counts.flatMap((count) =>
    libraries.map((library) => ({
      id: `${SCRIPTS[library]}-${backend}-${count}`,
      library,
      backend,
      threads: count,
      script: `${SCRIPTS[library]}-${backend}`,
    })),
  );
}
