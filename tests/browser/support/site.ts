/** A site of the tests' own: the built package and its modules, the weights and the pictures, and whatever a test puts there. */
import { createReadStream, statSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import {
  drawn,
  fixtures,
  packageDist,
  photoNamed,
  wasmModules,
  weightsPath,
} from "./inputs.js";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
};

export class Site {
  readonly #server: Server;
  readonly #own = new Map<string, Handler>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Site> {
    const server = createServer();
    const site = new Site(server);
    server.on("request", (request, response) =>
      site.#answer(request, response),
    );
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve),
    );
    return site;
  }

  get url(): string {
    // Not 127.0.0.1: what a person types.
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers requests for `path` with these bytes, or however the handler does. */
  put(
    path: string,
    content: Buffer | Handler,
    type = "application/octet-stream",
  ): string {
    this.#own.set(
      path,
      typeof content === "function"
        ? content
        : (_, response) => {
            const length = content.length;
            response.writeHead(200, {
              "content-type": type,
              "content-length": length,
            });
            response.end(content);
          },
    );
    return this.url + path;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(
      new URL(request.url ?? "/", this.url).pathname,
    );
    const own = this.#own.get(path);
    if (own) {
      own(request, response);
      return;
    }
    const file = fileOf(path);
    if (!file) {
      response.writeHead(404).end("Not found");
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const { size } = statSync(file);
    response.writeHead(200, { "content-type": type, "content-length": size });
    createReadStream(file).pipe(response);
  }
}

function fileOf(path: string): string | undefined {
  if (path === "/") return join(fixtures, "package.html");
  if (path === "/weights") return weightsPath;
  const [, folder, ...rest] = path.split("/");
  const roots: Record<string, string> = {
    package: packageDist,
    modules: wasmModules,
    drawn,
    fixtures,
  };
  const root = roots[folder ?? ""];
  if (!root) return undefined;
  const named = rest.join("/");
  const file =
    root === drawn ? photoNamed(named) : normalize(join(root, named));
  const inside = file.startsWith(root + sep);
  return inside && statSync(file, { throwIfNoEntry: false })?.isFile()
    ? file
    : undefined;
}
