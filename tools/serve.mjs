/** `node tools/serve.mjs`: serves the built page, and the weights beside it at /weights/. */
import { createServer } from "node:http";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sirv from "sirv";
import { SetupError, main, say } from "./support/console.mjs";
import { listen } from "./support/listen.mjs";
import { pageDist, weightsFolder } from "./support/paths.mjs";

const WEIGHTS = "/weights/";

/**
 * Answers with files of the two folders, read anew each time, and with 404 for everything else.
 * @param {{ page: string, weights: string }} folders
 */
export function pageServer({ page, weights }) {
  const options = { dev: true, etag: true, setHeaders };
  const servePage = sirv(page, options);
  const serveWeights = sirv(weights, options);
  return createServer((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const missing = () => {
      response.writeHead(404, { "content-type": "text/plain" });
      response.end("Not found\n");
    };
    const url = request.url ?? "/";
    if (!url.startsWith(WEIGHTS)) return servePage(request, response, missing);
    request.url = url.slice(WEIGHTS.length - 1);
    // A page that was built with its weights brings them itself.
    serveWeights(request, response, () => {
      request.url = url;
      servePage(request, response, missing);
    });
  });
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {string} path
 */
function setHeaders(response, path) {
  if (path.endsWith(".safetensors")) {
    response.setHeader("content-type", "application/octet-stream");
  }
  response.setHeader("x-content-type-options", "nosniff");
}

export async function serve() {
  if (!existsSync(join(pageDist, "index.html"))) {
    throw new SetupError("The page is not built", "Run: npm run build");
  }
  const server = pageServer({ page: pageDist, weights: weightsFolder });
  const address = await listen(server, process.env);
  say(`\nHeadstart is at ${address}`);
}

const started = process.argv[1] && realpathSync(process.argv[1]);
if (started && import.meta.url === pathToFileURL(started).href) {
  await main(serve);
}
