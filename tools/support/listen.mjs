/** Finds a server a port. */
import { SetupError } from "./console.mjs";

const FIRST = 4173;
const TRIED = 20;

/**
 * Listens on PORT exactly if it is set, and otherwise on the first free port from 4173.
 * @param {import("node:http").Server} server
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the address for a browser
 */
export async function listen(server, env) {
  const host = env.HOST || "127.0.0.1";
  const port = env.PORT ? Number(env.PORT) : FIRST;
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new SetupError(`PORT is no port: ${env.PORT}`, "Unset it");
  }
  const last = env.PORT ? port : port + TRIED - 1;
  for (let candidate = port; candidate <= last; candidate++) {
    const taken = await listenOn(server, candidate, host);
    if (!taken) return addressOf(server, host);
  }
  throw new SetupError(
    port === last
      ? `Port ${port} is taken`
      : `The ports from ${port} to ${last} are all taken`,
    "Set PORT to a free one",
  );
}

/**
 * @param {import("node:http").Server} server
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>} whether the port is taken
 */
function listenOn(server, port, host) {
  return new Promise((resolve, reject) => {
    const onError = (/** @type {NodeJS.ErrnoException} */ error) => {
      server.off("listening", onListening);
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(true);
      else reject(error);
    };
    const onListening = () => {
      server.off("error", onError);
      resolve(false);
    };
    server.once("error", onError).once("listening", onListening);
    server.listen(port, host);
  });
}

/**
 * @param {import("node:http").Server} server
 * @param {string} host
 */
function addressOf(server, host) {
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  // WebGPU needs a secure context; on this machine, localhost is one.
  const local = ["127.0.0.1", "0.0.0.0", "::", "::1"].includes(host);
  return `http://${local ? "localhost" : host}:${port}/`;
}
