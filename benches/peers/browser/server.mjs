/** Serves what the benchmark's page needs, isolated from other origins, and remembers which files were fetched. */
import { createServer } from "node:http";
import { basename, dirname } from "node:path";
import {
  packageDist,
  quantizedWeights,
  weightsFolder,
} from "../../../tools/support/paths.mjs";
import { distFolder } from "../bundle.mjs";
import { folder } from "../../folder.mjs";

/** What lets a page share memory between threads, and measure its own. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/**
 * @typedef {object} Server
 * @property {string} address
 * @property {Set<string>} fetched paths below the server's root
 * @property {() => void} close
 */

/**
 * @param {string} onnx the path of the ONNX file
 * @param {(path: string, response: import("node:http").ServerResponse) => boolean} [more] answers further paths
 * @returns {Promise<Server>}
 */
export async function serve(onnx, more = () => false) {
  const built = folder(distFolder);
  const model = folder(dirname(onnx));
  const weights = folder(weightsFolder);
  const own = folder(packageDist);
  /** @type {Set<string>} */
  const fetched = new Set();
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(ISOLATION)) {
      response.setHeader(name, value);
    }
    const path = (request.url ?? "/").replace(/\?.*/, "");
    fetched.add(path);
    if (path === "/") {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Benchmark</title>");
    } else if (path === "/model/resnet18.onnx") {
      request.url = `/${basename(onnx)}`;
      model(request, response);
    } else if (path === "/weights/resnet18-int8.safetensors") {
      request.url = `/${basename(quantizedWeights)}`;
      weights(request, response);
    } else if (path.startsWith("/package/")) {
      request.url = path.slice("/package".length);
      own(request, response);
    } else if (!more(path, response)) {
      // Engines that share a script have addresses of their own, which says who fetched what.
      request.url = path.replace(/^(\/engine\/.*)-\d+\//, "$1/");
      built(request, response);
    }
  });
  await new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(undefined)),
  );
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  return {
    address: `http://127.0.0.1:${port}/`,
    fetched,
    close: () => server.close(),
  };
}
