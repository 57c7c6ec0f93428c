/**
 * `node tools/serve.mjs`: serves the built page, and the weights beside it at /weights/. PORT and HOST say where,
 * HEADSTART_WEIGHTS names another folder of weights.
 */
import { createServer } from "node:http";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import getPort, { portNumbers } from "get-port";
import serveStatic from "serve-static";
import { SetupError, main, say } from "./support/console.mjs";
import { pageDist, root, weightsFolder } from "./support/paths.mjs";

const WEIGHTS = "/weights/";
/** Tried in turn where PORT names none. */
const PORTS = portNumbers(4173, 4192);

/**
 * Answers with files of the two folders, read anew each time, and with 404 for everything else.
 * @param {{ page: string, weights: string }} folders
 */
export function pageServer({ page, weights }) {
  const options = { dotfiles: "ignore", redirect: false, setHeaders };
  const servePage = serveStatic(page, options);
  const serveWeights = serveStatic(weights, { ...options, index: false });
  return createServer((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const policy = policyOf(page);
    // As a header too: a worker that is loaded by its address is confined by that alone.
    if (policy) response.setHeader("content-security-policy", policy);
    /** @param {{ status?: number, headers?: Record<string, string> }} [error] what keeps a file from being sent */
    const missing = (error) => {
      const range = error?.status === 416;
      response.writeHead(range ? 416 : 404, {
        ...(range ? error.headers : {}),
        "content-type": "text/plain",
      });
      response.end(range ? "There is no such range\n" : "Not found\n");
    };
    const url = request.url ?? "/";
    if (!url.startsWith(WEIGHTS)) return servePage(request, response, missing);
    request.url = url.slice(WEIGHTS.length - 1);
    // A page that was built with its weights brings them itself.
    serveWeights(request, response, (error) => {
      if (error) return missing(error);
      request.url = url;
      servePage(request, response, missing);
    });
  });
}

/** @param {import("node:http").ServerResponse} response */
function setHeaders(response) {
  response.setHeader("cache-control", "no-cache");
  response.setHeader("x-content-type-options", "nosniff");
}

/**
 * What the page itself asks for in its head.
 * @param {string} page
 */
function policyOf(page) {
  const file = join(page, "index.html");
  const html = existsSync(file) ? readFileSync(file, "utf8") : "";
  return /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(
    html,
  )?.[1];
}

/**
 * Listens on PORT exactly if it is set, and otherwise on the first free port from 4173.
 * @param {import("node:http").Server} server
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the address for a browser
 */
export async function listen(server, env) {
  const host = env.HOST || "127.0.0.1";
  const wanted = env.PORT ? Number(env.PORT) : undefined;
  if (
    wanted !== undefined &&
    !(Number.isInteger(wanted) && wanted >= 0 && wanted < 65536)
  ) {
    throw new SetupError(`PORT is no port: ${env.PORT}`, "Unset it");
  }
  const port = wanted ?? (await getPort({ port: PORTS, host }));
  await new Promise((listening, failed) => {
    server
      .once("error", failed)
      .once("listening", listening)
      .listen(port, host);
  }).catch((error) => {
    const taken = error.code === "EADDRINUSE" || error.code === "EACCES";
    throw taken
      ? new SetupError(`Port ${port} is taken`, "Set PORT to a free one")
      : error;
  });
  const address = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  // WebGPU needs a secure context; on this machine, localhost is one.
  const local = ["127.0.0.1", "0.0.0.0", "::", "::1"].includes(host);
  return `http://${local ? "localhost" : host}:${address.port}/`;
}

export async function serve() {
  if (!existsSync(join(pageDist, "index.html"))) {
    throw new SetupError("The page is not built", "Run: npm run build");
  }
  const { HEADSTART_WEIGHTS } = process.env;
  const weights = HEADSTART_WEIGHTS
    ? resolve(root, HEADSTART_WEIGHTS)
    : weightsFolder;
  const server = pageServer({ page: pageDist, weights });
  say(`\nHeadstart is at ${await listen(server, process.env)}`);
}

const started = process.argv[1] && realpathSync(process.argv[1]);
if (started && import.meta.url === pathToFileURL(started).href) {
  await main(serve);
}
